"""What a check has found, as a tree for JSON. Its names are an interface: they are added to, and never renamed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from o365_exporter import __version__
from o365_exporter.checking.report import Doubt, Problem, Report, SourceCheck, TenantCheck, WayCheck


def document(report: Report) -> dict[str, Any]:
    """The whole report; times are RFC 3339 in UTC, durations in seconds, and null is what is not known."""
    return {
        "version": __version__,
        "ok": report.is_good,
        "problems": [_problem(each) for each in report.problems],
        "warnings": _doubts(report.doubts),
        "ways": [_way(each) for each in report.ways],
        "tenants": [_tenant(each) for each in sorted(report.tenants, key=lambda one: one.tenant)],
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "number": problem.number,
        "reason": problem.reason,
        "message": problem.message,
        "remedies": list(problem.remedies),
        "tenants": sorted(problem.tenants),
        "sources": problem.sources,
    }


def _doubts(doubts: Iterable[Doubt]) -> list[dict[str, Any]]:
    return [{"message": doubt.message, "remedies": list(doubt.remedies)} for doubt in doubts]


def _way(check: WayCheck) -> dict[str, Any]:
    way = check.way
    host, _, how = way.path.partition(" ")
    certificate = way.certificate
    return {
        "host": host,
        "by": how,
        "addresses": list(way.addresses),
        "seconds": {step: round(seconds, 3) for step, seconds in way.seconds.items()},
        "tls": way.tls or None,
        "certificate": {"issuer": certificate.issuer, "ends": time(certificate.ends)} if certificate else None,
        "clock_skew_seconds": None if way.skew is None else round(way.skew, 1),
        "problem": _number(check.problem),
    }


def _tenant(check: TenantCheck) -> dict[str, Any]:
    token, roles = check.token, check.roles
    return {
        "tenant": check.tenant,
        "cloud": check.cloud,
        "token": {
            "app": token.app,
            "app_name": token.app_name or None,
            "tenant_id": token.tenant_id or None,
            "credential": token.setting,
            "credential_ends": time(token.credential_ends),
            "ends": time(token.ends),
            "problem": _number(token.problem),
        },
        "roles": roles
        and {
            "granted": list(roles.granted),
            "missing": list(roles.missing),
            "needless": list(roles.needless),
        },
        "names_concealed": check.concealed,
        "sources": [_source(each) for each in check.sources],
        "warnings": _doubts(check.doubts),
    }


def _source(check: SourceCheck) -> dict[str, Any]:
    return {
        "collector": check.collector,
        "source": check.source,
        "state": check.state,
        "seconds": None if check.seconds is None else round(check.seconds, 3),
        "note": check.note or None,
        "problem": _number(check.problem),
    }


def _number(problem: Problem | None) -> int | None:
    return problem.number if problem else None


def time(moment: float | None) -> str | None:
    """A moment as RFC 3339 has it."""
    return None if moment is None else f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
