"""Services and issues of a tenant, and what can happen to them."""

from __future__ import annotations

from typing import Any

from o365_exporter.simulator.domains.base import Json, SimulatorError, TenantPart, operation
from o365_exporter.simulator.domains.health.content import issue_letters
from o365_exporter.simulator.timetext import graph_time

_EDITABLE = ("title", "impactDescription", "classification", "origin", "feature", "featureGroup", "service")


class HealthPart(TenantPart):
    """``services`` by id and ``issues`` by id, in Graph's own shape; an issue's ``posts`` may be a function."""

    services: dict[str, Json]
    issues: dict[str, Json]

    def posts(self, issue_id: str) -> list[Json]:
        """Posts of an issue, oldest first."""
        posts = self._find("issue", self.issues, issue_id)["posts"]
        written: list[Json] = posts() if callable(posts) else posts
        return written

    def open_issue_ids(self) -> list[str]:
        """Ids of the issues that are not resolved, oldest first."""
        return [issue_id for issue_id, issue in self.issues.items() if not issue["isResolved"]]

    @operation
    def set_service_status(self, service: str, status: str) -> None:
        """Give a service (by id) another status."""
        self._find("service", self.services, service)["status"] = status

    @operation
    def add_service(self, service: str, name: str, status: str = "serviceOperational") -> None:
        """Add a service that the tenant did not have."""
        self.services[service] = {"service": name, "status": status, "id": service}

    @operation
    def remove_service(self, service: str) -> None:
        """Take a service away from the overviews; its issues stay."""
        self._find("service", self.services, service)
        del self.services[service]

    @operation
    def open_issue(
        self,
        service: str,
        title: str = "Some users may be affected",
        *,
        classification: str = "incident",
        status: str = "serviceDegradation",
        issue_id: str | None = None,
        feature: str | None = None,
    ) -> str:
        """Open an issue of a service, given by id; answers the issue's id.

        The service takes the issue's status. A service that the tenant does not have is taken for a display name.
        """
        name = self.services[service]["service"] if service in self.services else service
        new_id = issue_id or f"{issue_letters(name)}{1_200_000 + len(self.issues)}"
        now = graph_time(self._clock.now(), 3)
        self.issues[new_id] = {
            "startDateTime": now,
            "endDateTime": None,
            "lastModifiedDateTime": now,
            "title": title,
            "id": new_id,
            "impactDescription": f"{title}.",
            "classification": classification,
            "origin": "microsoft",
            "status": status,
            "service": name,
            "feature": feature,
            "featureGroup": feature,
            "isResolved": False,
            "details": [],
            "posts": [],
        }
        if service in self.services:
            self.set_service_status(service, status)
        self.add_post(new_id, f"<p>Title: {title}</p>")
        return new_id

    @operation
    def add_post(
        self, issue_id: str, content: str = "<p>We're still looking into it.</p>", post_type: str = "regular"
    ) -> None:
        """Add a post to an issue."""
        now = graph_time(self._clock.now(), 7)
        post = {
            "createdDateTime": now,
            "postType": post_type,
            "description": {"contentType": "html", "content": content},
        }
        self._touch(issue_id, posts=[*self.posts(issue_id), post])

    @operation
    def change_issue_status(self, issue_id: str, status: str) -> None:
        """Give an issue, and the service it belongs to, another status."""
        self._touch(issue_id, status=status)
        self._service_follows(issue_id, status)

    @operation
    def resolve_issue(self, issue_id: str, status: str = "serviceRestored") -> None:
        """End an issue; its service is operational again unless another open issue of it remains."""
        self._touch(issue_id, isResolved=True, status=status, endDateTime=graph_time(self._clock.now(), 3))
        name = self.issues[issue_id]["service"]
        others = [one for one in self.issues.values() if one["service"] == name and not one["isResolved"]]
        self._service_follows(issue_id, others[-1]["status"] if others else "serviceOperational")

    @operation
    def publish_review(self, issue_id: str) -> None:
        """Let Microsoft write about an issue that has ended: a further post and status, and it stays resolved."""
        if not self._find("issue", self.issues, issue_id)["isResolved"]:
            raise SimulatorError(f"issue {issue_id!r} has not ended; resolve_issue ends it")
        self.add_post(issue_id, "<p>The post-incident review is ready.</p>")
        self._touch(issue_id, status="postIncidentReviewPublished")

    @operation
    def edit_issue(self, issue_id: str, field: str, value: Any) -> None:
        """Change a field of an issue: title, feature, classification and so on."""
        if field not in _EDITABLE:
            raise SimulatorError(f"field {field!r} of an issue cannot be edited; use one of {', '.join(_EDITABLE)}")
        self._touch(issue_id, **{field: value})

    @operation
    def remove_issue(self, issue_id: str) -> None:
        """Let an issue vanish, as old ones do."""
        self._find("issue", self.issues, issue_id)
        del self.issues[issue_id]

    def _touch(self, issue_id: str, **changes: Any) -> None:
        issue = self._find("issue", self.issues, issue_id)
        issue.update(changes, lastModifiedDateTime=graph_time(self._clock.now(), 3))

    def _service_follows(self, issue_id: str, status: str) -> None:
        name = self.issues[issue_id]["service"]
        for service in self.services.values():
            if service["service"] == name:
                service["status"] = status
