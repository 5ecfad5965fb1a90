"""JSON batching: many requests in one, each with an answer of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from o365_exporter.simulator import Simulator
from tests.simulator.support import HEALTH, GraphUser

Json = dict[str, Any]

COUNT = {"id": "count", "method": "GET", "url": "/applications/$count"}
TENANT = {"id": "tenant", "method": "GET", "url": "organization?$select=id"}


async def batch(user: GraphUser, *requests: Mapping[str, Any]) -> httpx.Response:
    """What comes back for a batch of these."""
    token = (await user.sign_in()).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return await user.http.post("/v1.0/$batch", json={"requests": list(requests)}, headers=headers)


async def responses(user: GraphUser, *requests: Mapping[str, Any]) -> dict[str, Json]:
    """The answers of the members, by id."""
    answer = await batch(user, *requests)
    assert answer.status_code == 200, answer.text
    return {one["id"]: one for one in answer.json()["responses"]}


async def test_members_have_answers_of_their_own_in_any_order(user: GraphUser) -> None:
    """The batch is 200 although one is refused; text comes in base64, a report as its redirect."""
    user.tenant.withdraw(["ServiceMessage.Read.All"])
    report = {"id": "file", "method": "GET", "url": "/reports/getEmailActivityUserDetail(period='D7')"}
    messages = {"id": "no", "method": "GET", "url": "/admin/serviceAnnouncement/messages"}
    eventual = COUNT | {"headers": {"ConsistencyLevel": "eventual"}}
    answer = await batch(user, TENANT, messages, eventual, report)
    listed = answer.json()["responses"]
    assert [one["id"] for one in listed] != ["tenant", "no", "count", "file"]
    found = {one["id"]: one for one in listed}
    assert {name: one["status"] for name, one in found.items()} == {"tenant": 200, "no": 403, "count": 200, "file": 302}
    assert found["tenant"]["body"]["value"] == [{"id": user.tenant.tenant_id}]
    assert found["count"]["body"] == "MTAw"
    assert found["file"]["headers"]["Location"].startswith("https://reports.office.com/data/")


async def test_a_failed_dependency_is_424(user: GraphUser) -> None:
    """What depends on a failed request is not asked; what depends on a good one is, wherever it stands."""
    first = {"id": "first", "method": "GET", "url": "/nothing"}
    found = await responses(
        user, TENANT | {"dependsOn": ["first"]}, first, TENANT | {"id": "b", "dependsOn": ["c"]}, TENANT | {"id": "c"}
    )
    assert {name: one["status"] for name, one in found.items()} == {"first": 400, "tenant": 424, "c": 200, "b": 200}


async def test_faults_and_limits_meet_each_member(user: GraphUser, simulator: Simulator) -> None:
    """One member is throttled while the batch and the others are well; each stands in the log."""
    simulator.add_fault(path="/v1.0/subscribedSkus", status=429, retry_after=7)
    found = await responses(user, TENANT, {"id": "skus", "method": "GET", "url": "/subscribedSkus"})
    assert (found["skus"]["status"], found["skus"]["headers"]["Retry-After"]) == (429, "7")
    assert found["tenant"]["status"] == 200
    assert [one.status for one in simulator.requests.find("/v1.0/*")] == [200, 200, 429]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([], "must be between 1 and 20"),
        ([TENANT | {"id": f"{number}"} for number in range(21)], "must be between 1 and 20"),
        ([TENANT, TENANT | {"id": "Tenant"}], "must be unique"),
        ([TENANT | {"dependsOn": ["nobody"]}], "depends on one that is not there"),
        ([TENANT | {"dependsOn": ["tenant"]}], "or on itself"),
        ([{"id": "1"}], "Invalid batch payload"),
    ],
)
async def test_a_batch_that_cannot_be(user: GraphUser, members: list[Json], words: str) -> None:
    """Too many or no members, ids twice, circles and pieces are a 400 for the whole."""
    answer = await batch(user, *members)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


async def test_a_fault_can_meet_the_whole(user: GraphUser, simulator: Simulator) -> None:
    """The batch itself can be refused, and only POST is for it."""
    simulator.add_fault(path="/v1.0/$batch", status=503, count=1)
    assert (await batch(user, TENANT)).status_code == 503
    assert (await user.get("/v1.0/$batch")).status_code == 405


# Counts -------------------------------------------------------------------------------------------------------------


async def test_a_count_is_text_and_nothing_else(user: GraphUser) -> None:
    """Who accepts JSON only gets 415; directory objects need eventual consistency, service health does not."""
    refused = await user.get("/v1.0/applications/$count", ConsistencyLevel="eventual", Accept="application/json")
    assert refused.status_code == 415
    for accepted in ("text/plain", "*/*"):
        count = await user.get("/v1.0/applications/$count", ConsistencyLevel="eventual", Accept=accepted)
        assert (count.status_code, count.text) == (200, "100")
    assert (await user.get(f"{HEALTH}/issues/$count?$filter=isResolved%20eq%20false")).text == "6"
