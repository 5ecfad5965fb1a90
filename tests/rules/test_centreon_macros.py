"""The file of thresholds has an alert for each macro of the Centreon templates, and each loads when switched on."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from tests.rules.kit import MACROS, load, macros_switched_on, run

THRESHOLDS = {
    "AppCredentials": ("KEYEXPIRES", "PASSWORDEXPIRES", "KEYSTATUS", "PASSWORDSTATUS"),
    "ServiceStatus": ("STATUS",),
    "Subscriptions": ("STATUS", "SUBSCRIPTIONUSAGE", "SUBSCRIPTIONUSAGEFREE", "SUBSCRIPTIONUSAGEPRCT"),
    "EmailActivity": (
        "ACTIVEUSERS",
        "SENDCOUNT",
        "RECEIVECOUNT",
        "READCOUNT",
        "TOTALSENDCOUNT",
        "TOTALRECEIVECOUNT",
        "TOTALREADCOUNT",
    ),
    "MailboxUsage": ("ACTIVEMAILBOXES", "ITEMS", "STATUS", "TOTALUSAGEACTIVE", "TOTALUSAGEINACTIVE"),
    "SkypeDevices": ("ACTIVEDEVICES", "ANDROIDPHONE", "IPAD", "IPHONE", "WINDOWS", "WINDOWSPHONE"),
    "SkypeUsers": (
        "ACTIVEUSERS",
        "PEERTOPEERSESSIONS",
        "ORGANIZEDCONFERENCE",
        "PARTICIPATEDCONFERENCE",
        "TOTALPEERTOPEERSESSIONS",
        "TOTALORGANIZEDCONFERENCE",
        "TOTALPARTICIPATEDCONFERENCE",
    ),
}
"""What follows WARNING and CRITICAL in the macros of each service template, from the plugins' pages."""


def test_nothing_is_on() -> None:
    """The file as it is loads and has no rule, so that a careless copy disturbs nobody."""
    assert "SUCCESS: 0 rules found" in run("promtool", "check", "rules", MACROS)
    assert all(not group["rules"] for group in load(MACROS)["groups"])


def test_all_of_it_loads(tmp_path: Path) -> None:
    """With every # removed Prometheus takes it."""
    switched_on = tmp_path / "thresholds.yaml"
    switched_on.write_text(macros_switched_on(), "utf-8")
    wanted = 2 * sum(len(macros) for macros in THRESHOLDS.values())
    assert f"SUCCESS: {wanted} rules found" in run("promtool", "check", "rules", switched_on)


def test_each_macro_has_its_alert() -> None:
    """Template by template, first the warning, then the critical one; each says its macro in the line above."""
    wanted = [
        (f"{level}{macro}", f"O365{template}{level.title()}{macro.title()}", level.lower())
        for template, macros in THRESHOLDS.items()
        for macro in macros
        for level in ("WARNING", "CRITICAL")
    ]
    headings = re.findall(r"^ {6}# ([A-Z]+): ", MACROS.read_text("utf-8"), re.MULTILINE)
    alerts = [rule for group in yaml.safe_load(macros_switched_on())["groups"] for rule in group["rules"]]
    found = [
        (heading, rule["alert"], rule["labels"]["severity"]) for heading, rule in zip(headings, alerts, strict=True)
    ]
    assert found == wanted
