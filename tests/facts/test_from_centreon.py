"""What is told to people who come from Centreon: nothing of theirs is forgotten, and nothing of ours is invented."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from o365_exporter.catalogue import all_metrics
from o365_exporter.settings import load
from o365_exporter.settings.schema import lookup, schema
from tests.facts.pages import blocks, page, rows, spans, table

CENTREON = "docs/from-centreon.md"
REPORTS = "docs/reports.md"
BOTH = (CENTREON, REPORTS)
GUID = "00000000-0000-0000-0000-000000000000"

HOST = "OFFICE365TENANT OFFICE365CLIENTID OFFICE365CLIENTSECRET OFFICE365CUSTOMMODE OFFICE365EXTRAOPTIONS EXTRAOPTIONS"
FILTERS = {
    "any": HOST,
    "any usage mode": "UNITS FILTERCOUNTER FILTERCOUNTERS",
    "app-credentials": "FILTERAPPNAME",
    "service-status": "FILTERSERVICENAME",
    "subscriptions": "FILTERSKUPARTNUMBER",
    "email-activity": "FILTERUSER FILTERMAILBOX",
    "mailbox-usage": "FILTERMAILBOX",
    "Skype devices-usage": "FILTERUSER FILTERUSERS",
    "Skype users-activity": "FILTERUSER FILTERUSERS",
    "Teams devices-usage": "FILTERUSER",
    "Teams users-activity": "FILTERUSER",
}
"""Macros of the service templates that choose something, by mode; of all times, for templates are old."""

THRESHOLDS = {
    "app-credentials": "KEYEXPIRES PASSWORDEXPIRES KEYSTATUS PASSWORDSTATUS",
    "service-status": "STATUS",
    "subscriptions": "STATUS SUBSCRIPTIONUSAGE SUBSCRIPTIONUSAGEFREE SUBSCRIPTIONUSAGEPRCT",
    "email-activity": ("ACTIVEUSERS SENDCOUNT RECEIVECOUNT READCOUNT TOTALSENDCOUNT TOTALRECEIVECOUNT TOTALREADCOUNT"),
    "mailbox-usage": "ACTIVEMAILBOXES ITEMS STATUS TOTALUSAGEACTIVE TOTALUSAGEINACTIVE",
    "Skype devices-usage": "ACTIVEDEVICES ANDROIDPHONE IPAD IPHONE WINDOWS WINDOWSPHONE",
    "Skype users-activity": (
        "ACTIVEUSERS PEERTOPEERSESSIONS ORGANIZEDCONFERENCE PARTICIPATEDCONFERENCE TOTALPEERTOPEERSESSIONS "
        "TOTALORGANIZEDCONFERENCE TOTALPARTICIPATEDCONFERENCE"
    ),
    "Teams devices-usage": "ACTIVEDEVICES WINDOWS MAC WEB IOS ANDROIDPHONE WINDOWSPHONE",
    "Teams users-activity": (
        "ACTIVEUSERS TEAMCHAT PRIVATECHAT CALL MEETING TOTALTEAMCHAT TOTALPRIVATECHAT TOTALCALL TOTALMEETING"
    ),
}
"""Macros that begin with WARNING and CRITICAL, without that."""

STATUS_MACROS = {
    "app-credentials": "status id app_name",
    "service-status": (
        "service_name status classification issue_title issue_startDateTime issue_id issue_status issue_resolved"
    ),
    "subscriptions": "capabilityStatus skuPartNumber",
    "mailbox-usage": "used issue_warning_quota prohibit_send_quota prohibit_send_receive_quota",
}

PERFDATA = """
application.password.expires.seconds application.key.expires.seconds
subscription.usage.count subscription.free.count subscription.usage.percentage
exchange.users.active.count exchange.users.emails.sent.total.count exchange.users.emails.received.total.count
exchange.users.emails.read.total.count upn#exchange.users.emails.sent.count upn#exchange.users.emails.received.count
upn#exchange.users.emails.read.count
exchange.mailboxes.active.count exchange.mailboxes.active.usage.total.bytes
exchange.mailboxes.inactive.usage.total.bytes
upn#exchange.mailboxes.usage.bytes upn#exchange.mailboxes.items.count
skype.devices.active.count skype.devices.windows.count skype.devices.ipad.count skype.devices.iphone.count
skype.devices.android.count skype.devices.windowsphone.count
skype.users.active.count skype.users.sessions.p2p.total.count skype.users.conferences.organized.total.count
skype.users.conferences.participated.total.count upn#skype.users.sessions.p2p.count
upn#skype.users.conferences.organized.count upn#skype.users.conferences.participated.count
teams.users.active.count teams.users.messages.team.total.count teams.users.messages.private.total.count
teams.users.call.total.count teams.users.meeting.total.count teams.users.messages.team.count
teams.users.messages.private.count teams.users.call.count teams.users.meeting.count
teams.devices.active.count teams.devices.windows.count teams.devices.mac.count teams.devices.web.count
teams.devices.ios.count teams.devices.android.count teams.devices.windowsphone.count
perfdate
"""

OPTIONS = """
--tenant --client-id --client-secret --login-endpoint --graph-endpoint --timeout --proxyurl --proxypac --insecure
--http-backend --http-peer-addr --custommode --verbose --debug --filter-app-name --unit --filter-service-name
--include-service-name --exclude-service-name --include-classification --exclude-classification --exclude-resolved
--filter-sku-part-number --filter-name --filter-user --filter-mailbox --units=% --filter-counters
--filter-counters-block --use-new-perfdata --output-openmetrics
"""


def expressions(name: str) -> list[str]:
    """Whatever names a series on a page, but for beginnings such as ``o365_skype_*`` and names of files."""
    found = {span for span in spans(page(name)) if re.search(r"\bo365_", span)}
    return sorted(span for span in found if not span.endswith("*") and "__" not in span)


EXPRESSIONS = sorted({expression for name in BOTH for expression in expressions(name)})


def promtool(*arguments: str | Path) -> str:
    """What promtool, which comes with Prometheus, says where it is content."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def saved(path: Path, content: object) -> Path:
    """The content as YAML in a file."""
    path.write_text(yaml.safe_dump(content), "utf-8")
    return path


def macros_told(heading: str) -> dict[str, set[str]]:
    """Macros by mode in the first table below a heading."""
    told: dict[str, set[str]] = {}
    for mode, macros, here in table(page(CENTREON).split(f"# {heading}\n")[1], "Mode", "Macro", "Here"):
        assert here, macros
        told.setdefault(mode, set()).update(re.findall(r"`(?:%\{)?(\w+)\}?`", macros))
    return told


def test_every_macro_of_the_templates_has_its_row() -> None:
    """In its mode, whether it chooses something or is a threshold; and no row has a macro that does not exist."""
    wanted: dict[str, set[str]] = {mode: set(names.split()) for mode, names in FILTERS.items()}
    for mode, names in THRESHOLDS.items():
        wanted[mode] |= {level + name for level in ("WARNING", "CRITICAL") for name in names.split()}
    assert macros_told("Every macro") == wanted


def test_every_status_macro_has_its_row() -> None:
    """What a Perl expression could ask for can be asked for here, or it is said that it cannot."""
    assert macros_told("Status macros") == {mode: set(names.split()) for mode, names in STATUS_MACROS.items()}


def test_every_perfdata_name_has_its_row() -> None:
    """Each stands in the first cell of a row that ends with what it is here."""
    modes = page(CENTREON).split("## Every macro")[0]
    told = {name: row[-1] for row in rows(modes) for name in re.findall(r"`([^`]+)`", row[0])}
    for name in PERFDATA.split():
        assert "o365_" in told[name] or told[name].startswith("none"), name


def test_every_option_is_named() -> None:
    """Where it has a setting, a series or nothing in its place."""
    told = set(chain.from_iterable(span.split() for span in spans(page(CENTREON))))
    assert set(OPTIONS.split()) <= told


@pytest.mark.parametrize(("header", "column"), [(("Option", "Macro", "Setting"), 2), (("Option", "Setting"), 1)])
def test_settings_in_the_tables_exist(header: tuple[str, ...], column: int) -> None:
    """The column Setting of both tables of options names keys of the settings, and nothing else."""
    named = [key for row in table(page(CENTREON), *header) for key in re.findall(r"`([^`]+)`", row[column])]
    assert len(named) > 10
    assert [key for key in named if lookup(tuple(key.split("."))) is None] == []


@pytest.mark.parametrize("name", BOTH)
def test_dotted_settings_exist(name: str) -> None:
    """Wherever a key below a table is named in the text."""
    dotted = [span.split(".") for span in spans(page(name)) if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", span)]
    keys = [path for path in dotted if path[0] in schema()]
    assert keys
    assert [".".join(path) for path in keys if lookup(tuple(path)) is None] == []


def test_the_example_of_a_host_is_a_configuration(tmp_path: Path) -> None:
    """What Centreon's macros become is accepted, and means what stands beside it."""
    (block,) = blocks(page(CENTREON), "toml")
    file = tmp_path / "o365.toml"
    file.write_text(block, "utf-8")
    (tenant,) = load(file, {"O365_SECRETS_DIR": str(tmp_path)}).tenants
    options: dict[str, Any] = dict(tenant.collectors)
    assert options["service_health"].healthy_statuses == ("serviceOperational", "serviceRestored")
    assert options["service_health"].services.keeps("Exchange Online")
    assert not options["subscriptions"].skus.keeps("SPE_F1")
    assert options["exchange_usage"].users.keeps("ann@contoso.com")
    assert options["exchange_usage"].per_user.keeps("boss@contoso.com")
    assert not options["skype_usage"].enabled


def test_the_example_of_single_persons_is_a_configuration(tmp_path: Path) -> None:
    """The filter, the limit and the key stand where they work."""
    (block,) = blocks(page(REPORTS), "toml")
    assert tomllib.loads(block).keys() == {"collectors"}
    file = tmp_path / "o365.toml"
    file.write_text(block, "utf-8")
    variables = {"O365_TENANT_ID": GUID, "O365_CLIENT_ID": GUID, "O365_CLIENT_SECRET": "s"}
    (tenant,) = load(file, {"O365_SECRETS_DIR": str(tmp_path), **variables}).tenants
    options: dict[str, Any] = dict(tenant.collectors)
    assert options["exchange_usage"].per_user.limit == 50
    assert not options["exchange_usage"].per_user.keeps("ann@contoso.com")
    assert len(options["teams_usage"].per_user.label("ann@contoso.com")) == 32


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions_fit_the_catalogue(expression: str) -> None:
    """Metrics, labels and the members of closed lists exist, and numbers of one day are not taken for counters."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    metrics = [all_metrics()[name] for name in re.findall(r"\bo365_\w+", bare)]
    known = set(chain.from_iterable(metric.all_labels for metric in metrics))
    for group in re.findall(r"\b(?:on|ignoring|by|without|group_left) \(([^)]*)\)", expression):
        assert set(group.split(", ")) <= known
    for name, matchers in re.findall(r"\b(o365_\w+)\{(.*?)\}", expression):
        for label, operator, value in re.findall(r"(\w+)(=~|!~|!=|=)\"([^\"]*)\"", matchers):
            assert label in all_metrics()[name].all_labels
            closed = all_metrics()[name].values.get(label)
            assert closed is None or set(value.split("|") if "~" in operator else [value]) <= set(closed)
    assert not re.search(r"\b(rate|irate|increase|delta|deriv)\b", expression)


@pytest.mark.parametrize("name", BOTH)
def test_expressions_are_promql(name: str, tmp_path: Path) -> None:
    """Whatever names a series on the page can be asked as it stands."""
    found = expressions(name)
    assert len(found) > 40
    rules = [{"record": f"example:{number}", "expr": expression} for number, expression in enumerate(found)]
    groups = {"groups": [{"name": "docs", "rules": rules}]}
    assert f"SUCCESS: {len(found)} rules found" in promtool("check", "rules", saved(tmp_path / "rules.yml", groups))


def test_ranges_are_promql(tmp_path: Path) -> None:
    """Each comparison that stands for a Nagios range is one, and alarms where Nagios does."""
    alarms = {"10": [11, 30], "10:": [5], "~:10": [11, 30], "10:20": [5, 30], "@10:20": [10, 11]}
    told = {
        row[0].strip("`"): row[2].strip("`") for row in table(page(CENTREON), "Range", "Alarms when X is", "PromQL")
    }
    assert told.keys() == alarms.keys()
    values = [5, 10, 11, 30]
    cases = [
        (told[span].replace("X", "x"), [{"labels": f'x{{n="{n}"}}', "value": n} for n in wanted])
        for span, wanted in alarms.items()
    ]
    check_answers(tmp_path, [f'x{{n="{n}"}} {n}' for n in values], cases)


def test_the_rule_file_is_prometheus_own(tmp_path: Path) -> None:
    """One rule of each kind, of which none needs another."""
    (block,) = blocks(page(CENTREON), "yaml")
    for rule in yaml.safe_load(block)["groups"][0]["rules"]:
        assert set(re.findall(r"\bo365_\w+", rule["expr"])) <= all_metrics().keys()
    file = tmp_path / "rules.yml"
    file.write_text(block, "utf-8")
    assert "SUCCESS: 5 rules found" in promtool("check", "rules", file)


def test_the_worked_example_is_right(tmp_path: Path) -> None:
    """Prometheus, which adds two labels, answers each question about the example with the number that stands there."""
    (block,) = blocks(page(REPORTS), "text")
    series = [line.replace("}", ', job="o365", instance="localhost:10365"}') for line in block.splitlines()]
    example = page(REPORTS).split("## A worked example")[1]
    questions = [(query.strip("`"), answer) for _, query, answer in table(example, "Question", "PromQL", "Answer")]
    assert len(questions) > 5
    near = [
        (f"sum(abs(({query}) - {answer}) <= bool 0.005)", [{"labels": "{}", "value": 1}]) for query, answer in questions
    ]
    check_answers(tmp_path, series, near)


def check_answers(folder: Path, series: list[str], cases: list[tuple[str, list[dict[str, Any]]]]) -> None:
    """Ask promtool whether expressions have these samples.

    Args:
        folder: for its file.
        series: what is there, a series and its value on each line.
        cases: expressions, each with the samples that it gives.
    """
    inputs = [dict(zip(("series", "values"), line.rsplit(" ", 1), strict=True)) for line in series]
    asked = [{"expr": expression, "eval_time": "0m", "exp_samples": samples} for expression, samples in cases]
    test = {"interval": "1m", "input_series": inputs, "promql_expr_test": asked}
    promtool("test", "rules", saved(folder / "docs.test.yml", {"tests": [test]}))
