"""What holds for every page there is, whoever adds one: pages, JSON, feeds, calendars, documents, probes."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest
import yaml
from starlette.routing import Route
from structlog.testing import capture_logs

from o365_exporter.web.guard import PROBES
from tests.app.rig import polling, rig, small
from tests.browser.shown import Shown, shown
from tests.web.test_api import application

QUERY = "?name=contoso&tenant=contoso&id=EX1&collector=service_health&source=issues"
PARTS = {"{tenant:name}": "contoso", "{page}": "status-page"}


async def routes() -> dict[str, str]:
    """An address of each route, and a method by which it is asked."""
    async with rig(small("contoso")) as made:
        app: Any = application(made)
    found = [route for route in app.routes if isinstance(route, Route)]
    return dict(sorted(_address(route) for route in found)) | {"/poll": "POST", "/-/reload": "POST"}


def _address(route: Route) -> tuple[str, str]:
    path = route.path
    for part, value in PARTS.items():
        path = path.replace(part, value)
    return path, "GET" if "GET" in (route.methods or ()) else "POST"


async def every_answer(made: Shown) -> dict[str, httpx.Response]:
    """What each route answers about a tenant with an issue."""
    async with httpx.AsyncClient(trust_env=False, base_url=made.address) as client:
        return {path: await client.request(method, path + QUERY) for path, method in (await routes()).items()}


async def test_each_asks_for_the_password(tmp_path: Path) -> None:
    """But the two for probes; the answer has nothing of what is there."""
    file = tmp_path / "web.yml"
    users = {"screen": bcrypt.hashpw(b"hallway", bcrypt.gensalt(4)).decode()}
    file.write_text(yaml.safe_dump({"basic_auth_users": users}), "utf-8")
    async with shown(small("contoso"), {}, web_config_file=file, poll_now=True) as made:
        answers = await every_answer(made)
    assert len(answers) > 20
    assert {path for path, answer in answers.items() if answer.status_code != 401} == set(PROBES)
    assert all("contoso" not in answer.text for answer in answers.values())


@pytest.mark.parametrize("fault", [{}, {"path": "/v1.0/*", "status": 403}, {"path": "*/token", "aadsts": 7000215}])
async def test_none_has_a_secret(fault: dict[str, object]) -> None:
    """Neither what signs in nor a token, whether Microsoft answers, refuses the app or refuses its secret."""
    async with shown(small("contoso"), {}, polls=False, poll_now=True) as made:
        if fault:
            made.simulator.add_fault(**fault)
        contoso = made.simulator.tenants["contoso"]
        async with polling(made):
            if not fault:
                contoso.open_issue("Exchange", "Mail is late", issue_id="EX1")
                await made.minutes(6)
            answers = await every_answer(made)
            secrets = made.app.fleet.tenants[0].graph.auth.secrets
    assert contoso.client_secret in secrets
    assert answers["/tenant"].status_code == 200
    assert [path for path, answer in answers.items() if any(each in answer.text for each in secrets)] == []
    assert {path for path, answer in answers.items() if answer.status_code >= 500} <= {"/-/ready"}


async def test_none_repeats_what_a_visitor_proves_himself_by(tmp_path: Path) -> None:
    """Cookies, passwords and hashes stand in no answer, by whatever method, right or wrong, nor in the log."""
    canary = "Kanarienvogel"
    hashed = bcrypt.hashpw(f"{canary}~right".encode(), bcrypt.gensalt(4)).decode()
    file = tmp_path / "web.yml"
    file.write_text(yaml.safe_dump({"basic_auth_users": {"screen": hashed}}), "utf-8")
    answers = {}
    with capture_logs() as logs:
        async with shown(small("contoso"), {}, web_config_file=file, poll_now=True) as made:
            for password, method in product((f"{canary}~right", f"{canary}~wrong"), ("", "PUT", "DELETE", "OPTIONS")):
                async with httpx.AsyncClient(
                    trust_env=False,
                    base_url=made.address,
                    auth=("screen", password),
                    headers={"Cookie": f"session={canary}", "X-Forwarded-Host": canary, "Proxy-Authorization": canary},
                ) as client:
                    for path, own in (await routes()).items():
                        for query in (QUERY, "", "?%FF=%"):
                            answer = await client.request(method or own, path + query)
                            answers[password, method, path, query] = answer
    assert {200, 400, 401, 404, 405} <= {answer.status_code for answer in answers.values()}
    told = {where: f"{answer.headers}{answer.text}" for where, answer in answers.items()} | {("log",): repr(logs)}
    assert [where for where, text in told.items() if canary in text or hashed[7:] in text] == []
    assert all(answer.status_code < 500 for (*_, path, _), answer in answers.items() if path != "/-/ready")
