"""``probe``: a check for Nagios and Centreon, which asks the running exporter."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from o365_exporter.probing import PASSWORD, ProbeError
from o365_exporter.probing.asking import Answer, Door, ask, password_of
from o365_exporter.probing.finding import Asked, Mode
from o365_exporter.probing.judging import Judge, Style
from o365_exporter.probing.output import Report, Status
from o365_exporter.probing.reading import Reading, read
from o365_exporter.probing.sources import METRICS

_TENANT = "o365_tenant_info"
_MOST_NAMES = 10


def probe(mode: Mode, arguments: Namespace, environ: Mapping[str, str]) -> int:
    """Print what a check found and return its exit code: 0, 1, 2, or 3 for whatever cannot be told.

    Args:
        mode: of the plugins.
        arguments: what was typed.
        environ: environment variables.
    """
    try:
        report = _report(mode, arguments, environ)
    except ProbeError as error:
        report = Report()
        report.say(Status.UNKNOWN, str(error))
    except KeyboardInterrupt:
        report = Report()
        report.say(Status.UNKNOWN, "Stopped by Ctrl-C.")
    except Exception as error:  # noqa: BLE001 - no fault of ours may look like a status of Microsoft's
        report = Report()
        report.say(Status.UNKNOWN, f"A fault of the probe itself ({type(error).__name__}): please report it.")
    try:
        print(report.text(arguments.max_output, verbose=arguments.verbose))
        sys.stdout.flush()
    except OSError:
        return Status.UNKNOWN.code
    return report.status.code


def _report(mode: Mode, arguments: Namespace, environ: Mapping[str, str]) -> Report:
    options = vars(arguments)
    style = Style(
        counters=options.get("filter-counters") or "",
        in_percent=options.get("units", "%") == "%",
        dotted=bool(options.get("use-new-perfdata")),
    )
    judge = Judge(mode.looks, options, style)
    answer = ask(_door(options, environ), arguments.tenant)
    asked = Asked({option.names[0]: options[option.names[0]] or "" for option in mode.options}, style)
    found = mode.find(_reading(mode, answer, arguments.tenant), asked)
    report = Report()
    for block in found.blocks:
        judge.judge(block, report)
    for trouble in found.troubles:
        report.say(Status.UNKNOWN, trouble)
    if report.is_silent:
        report.say(Status.UNKNOWN, "Nothing is looked at: no counter has a label that --filter-counters allows.")
    return report


def _door(options: Mapping[str, Any], environ: Mapping[str, str]) -> Door:
    password = password_of(options["password_file"], environ.get(PASSWORD, ""))
    user = options["user"] or ""
    if ":" in user:
        raise ProbeError("--user has a colon in it: give the password by --password-file, and the user alone.")
    if user and not password:
        raise ProbeError(f"--user is given without a password: name its file by --password-file, or set {PASSWORD}.")
    return Door(
        options["url"],
        options["timeout"],
        options["ca_file"],
        user,
        password,
        options["cert_file"],
        options["key_file"],
    )


def _reading(mode: Mode, answer: Answer, tenant: str | None) -> Reading:
    """What is known of the tenant.

    Raises:
        ProbeError: there is none, or more than one and none was named.
    """
    tenants = read(answer.text, {*mode.metrics, *METRICS, _TENANT})
    names = sorted(name for name, rows in tenants.items() if _TENANT in rows)
    if tenant is None and len(names) > 1:
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        raise ProbeError(f"The exporter watches {len(names)} tenants: name one by --tenant, of {_few(names)}{more}.")
    if tenant is None and not names:
        raise ProbeError("The exporter watches no tenant. Write one into its settings.")
    name = names[0] if tenant is None else tenant
    if name not in tenants:
        raise ProbeError(f"The exporter serves nothing of tenant {name!r}. See its log.")
    return Reading(tenants[name], answer.now, name)


def _few(names: list[str]) -> str:
    return ", ".join(map(repr, names[:_MOST_NAMES]))
