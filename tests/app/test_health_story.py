"""What happens to a service is seen at ``/metrics`` in time, whatever Graph does with the filter."""

from __future__ import annotations

import pytest

from tests.app.rig import polling, rig, small

ISSUE = "EX1999999"


@pytest.mark.parametrize("filter_mode", ["honoured", "ignored", "refused"])
async def test_the_life_of_an_issue(filter_mode: str) -> None:
    """Opened, written about, resolved, kept for a while, gone; a change of status is followed at once."""
    settings = {"O365_COLLECTORS__SERVICE_HEALTH__KEEP_RESOLVED": "20m"}
    async with rig(small("contoso"), settings) as made:
        tenant = made.simulator.tenants["contoso"]
        made.simulator.switch(filter_mode=filter_mode, pascal_case_rate=0)
        for issue in tenant.open_issue_ids():
            tenant.resolve_issue(issue)
        async with polling(made):
            assert made.lines("o365_service_issue_") == []
            tenant.open_issue("Exchange", 'Mail is "late"', issue_id=ISSUE, classification="incident")
            await made.clock.advance(65)
            labels = f'issue_id="{ISSUE}",service_id="Exchange"'
            status = 'o365_service_health_status{service_id="Exchange",service_name="Exchange Online"'
            assert made.lines(status) == [f'{status},status="serviceDegradation",tenant="contoso"}} 1.0']
            assert made.lines("o365_service_issue_open{") == [
                f'o365_service_issue_open{{classification="incident",{labels},tenant="contoso"}} 1.0'
            ]
            assert made.lines("o365_service_open_issues{", " 1.0") == [
                'o365_service_open_issues{classification="incident",service_id="Exchange",'
                'service_name="Exchange Online",tenant="contoso"} 1.0'
            ]
            assert made.lines("o365_service_issue_end") == []
            tenant.add_post(ISSUE)
            await made.clock.advance(320)
            assert made.lines("o365_service_issue_posts") == [
                f'o365_service_issue_posts{{{labels},tenant="contoso"}} 2.0'
            ]
            tenant.resolve_issue(ISSUE)
            await made.clock.advance(65)
            assert made.lines("o365_service_issue_open{")[0].endswith("} 0.0")
            assert len(made.lines("o365_service_issue_end")) == 1
            assert made.lines(status) == [f'{status},status="serviceOperational",tenant="contoso"}} 1.0']
            await made.clock.advance(26 * 60)
            assert made.lines("o365_service_issue_") == []


async def test_the_overviews_are_cheap() -> None:
    """A minute's poll of the status asks once, selects three fields and expands nothing."""
    async with rig(small("contoso")) as made, polling(made):
        made.simulator.requests.clear()
        await made.clock.advance(60)
        (request,) = made.simulator.requests.find("*/healthOverviews")
        assert request.query == "$select=id,service,status"


async def test_a_new_post_is_one_line_of_the_log() -> None:
    """What is there at the start is noted silently; then each post is told once, with its text."""
    async with rig(small("contoso", "fabrikam")) as made, polling(made):
        contoso = made.simulator.tenants["contoso"]
        assert [line for line in made.logs if line["event"] == "post"] == []
        contoso.open_issue("Exchange", "Mail is late", issue_id=ISSUE, classification="incident")
        await made.clock.advance(400)
        contoso.add_post(ISSUE)
        await made.clock.advance(900)
        told = [line for line in made.logs if line["event"] == "post"]
    assert [(line["tenant"], line["issue"], line["log_level"]) for line in told] == [("contoso", ISSUE, "info")] * 2
    assert len({line["at"] for line in told}) == 2
    assert told[0]["title"] == "Mail is late"
    assert told[0]["text"].startswith("Title: Mail is late")


async def test_a_flood_of_posts_is_summed_up() -> None:
    """Fifty lines of one poll, and one that says how many there were."""
    async with rig(small("contoso")) as made, polling(made):
        contoso = made.simulator.tenants["contoso"]
        for number in range(60):
            contoso.open_issue("Exchange", "Mail is late", issue_id=f"EX{number}")
        await made.clock.advance(400)
    assert len([line for line in made.logs if line["event"] == "post"]) == 50
    (line,) = [line for line in made.logs if line["event"] == "more news than are told"]
    assert (line["told"], line["untold"], line["source"]) == (50, 10, "issues")
