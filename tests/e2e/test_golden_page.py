"""The whole of ``/metrics`` for one simulated tenant: every name, label and HELP text that users build on."""

from __future__ import annotations

from collections.abc import Callable

from tests.app.rig import polling, rig, small


async def test_the_whole_page(golden: Callable[[str, str], None]) -> None:
    """What a deterministic tenant looks like at noon is what it looked like when the file was written."""
    async with rig(small("contoso")) as made, polling(made):
        golden("contoso.prom", made.page())


async def test_equal_runs_give_equal_pages() -> None:
    """Nothing in the page depends on the run, so a changed file always means a change of the program."""
    pages = []
    for _ in range(2):
        async with rig(small("contoso")) as made, polling(made):
            pages.append(made.page())
    assert pages[0] == pages[1]
