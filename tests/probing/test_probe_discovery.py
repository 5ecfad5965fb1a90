"""The plugins' modes that list: for people, as XML for rules of discovery, whole or not at all."""

from __future__ import annotations

import shlex
from xml.etree import ElementTree as ET

import pytest

from tests.probing.daemon import Daemon, checked, source
from tests.probing.test_probe_modes import E3, EXCHANGE, HEALTH, LAPSED, SKUS_SOURCE, TEAMS, series, service

E3_INFO = series("o365_sku_info", 1, sku_id="1", sku_part_number="SPE_E3", product_name="x", applies_to="User")
EMS_INFO = series("o365_sku_info", 1, sku_id="2", sku_part_number="EMS", product_name="x", applies_to="Company")
SKUS = (SKUS_SOURCE, *E3, *LAPSED, E3_INFO, EMS_INFO)
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<data>\n'

CASES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "services for people, by their ids": (
        (*HEALTH, TEAMS, EXCHANGE),
        "list-services",
        "List services:\n[service_id: Exchange] [service_name: Exchange Online]\n"
        "[service_id: microsoftteams] [service_name: Microsoft Teams]",
    ),
    "services that have a name": (
        (*HEALTH, TEAMS, EXCHANGE),
        "list-services --filter-name=^Exch",
        "List services:\n[service_id: Exchange] [service_name: Exchange Online]",
    ),
    "services for a rule": (
        (*HEALTH, TEAMS, EXCHANGE),
        "list-services --disco-show",
        f'{HEAD}  <label service_id="Exchange" service_name="Exchange Online"/>\n'
        '  <label service_id="microsoftteams" service_name="Microsoft Teams"/>\n</data>',
    ),
    "attributes of services": (
        (),
        "list-services --disco-format --url=http://127.0.0.1:1",
        f"{HEAD}  <element>service_id</element>\n  <element>service_name</element>\n</data>",
    ),
    "subscriptions for people, by their part numbers": (
        SKUS,
        "list-subscriptions",
        "List subscriptions:\n[skuPartNumber: EMS] [capabilityStatus: warning] [appliesTo: Company]\n"
        "[skuPartNumber: SPE_E3] [capabilityStatus: enabled] [appliesTo: User]",
    ),
    "subscriptions for a rule": (
        SKUS,
        "list-subscriptions --tenant contoso --disco-show",
        f'{HEAD}  <label skuPartNumber="EMS" capabilityStatus="warning" appliesTo="Company"/>\n'
        '  <label skuPartNumber="SPE_E3" capabilityStatus="enabled" appliesTo="User"/>\n</data>',
    ),
    "attributes of subscriptions": (
        (),
        "list-subscriptions --disco-format",
        f"{HEAD}  <element>skuPartNumber</element>\n  <element>capabilityStatus</element>\n"
        "  <element>appliesTo</element>\n</data>",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_list_is_what_the_plugin_prints(exporter: Daemon, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """The whole output, byte by byte."""
    lines, arguments, text = CASES[name]
    exporter.serve(*lines)
    assert checked(capsys, *shlex.split(arguments)) == (0, f"{text}\n")


@pytest.mark.parametrize("name", ["A<b>&amp;", "'\"quoted\"'", "é¦|\u2028x", "\ufffey\x0bz", "a\\nb", "[x]: ]"])
def test_foreign_names_break_out_of_no_list(exporter: Daemon, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """XML stays XML, with the name in it, and a line a line."""
    escaped = name.replace('"', '\\"')
    exporter.serve(*HEALTH, service("Exchange", escaped, "serviceOperational"), TEAMS)
    code, text = checked(capsys, "list-services", "--disco-show")
    shown = [label.get("service_name") for label in ET.fromstring(text)]  # noqa: S314 - of our own
    assert code == 0
    kept = name.replace("\\n", " ").translate(dict.fromkeys((0x2028, 0xFFFE, 0x0B), " "))
    assert shown == [kept, "Microsoft Teams"]
    assert checked(capsys, "list-services")[1].count("\n") == 3


@pytest.mark.parametrize(
    ("lines", "arguments", "sentence"),
    [
        (
            (source("service_health", "overviews", "throttled"), EXCHANGE),
            "list-services --disco-show",
            "contoso/service_health/overviews is throttled by Microsoft (throttled). Wait; if it lasts, give the "
            "exporter an app of its own. The exporter's log has the whole sentence.",
        ),
        (
            (*SKUS, series("o365_exporter_series_dropped", 3, collector="subscriptions")),
            "list-subscriptions",
            "3 series of contoso/subscriptions are not served and not looked at: raise max_series or filter in the "
            "exporter's settings.",
        ),
        ((), "list-services", "contoso/service_health/overviews is not polled: switch the collector"),
        (
            (*HEALTH, EXCHANGE),
            "list-services --filter-name=Sway --disco-show",
            "No services found. The filter leaves none: mend --filter-name.",
        ),
        ((SKUS_SOURCE,), "list-subscriptions", "No subscriptions found. See the filters in its settings."),
        (
            (*HEALTH, EXCHANGE),
            "list-services --filter-name=*",
            "--filter-name '*' is no regular expression (nothing to repeat at position 0): put a backslash before",
        ),
    ],
)
def test_a_list_that_is_not_whole_is_none(
    exporter: Daemon, capsys: pytest.CaptureFixture[str], lines: tuple[str, ...], arguments: str, sentence: str
) -> None:
    """A rule of discovery would take what is missing for what is gone."""
    exporter.serve(*lines)
    code, text = checked(capsys, *arguments.split())
    assert (code, text[: 9 + len(sentence)], text.count("\n")) == (3, f"UNKNOWN: {sentence}", 1)
