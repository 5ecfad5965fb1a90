"""``probe``: a check for Nagios and Centreon, which asks the running exporter."""

from __future__ import annotations

import signal
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from o365_exporter.probing import DEFAULT_MAX_OUTPUT, PASSWORD, ProbeError
from o365_exporter.probing.asking import Door, ask, password_of
from o365_exporter.probing.discovery import Listing
from o365_exporter.probing.finding import Asked, Mode
from o365_exporter.probing.judging import Judge, Style
from o365_exporter.probing.output import Report, Status
from o365_exporter.probing.reading import Reading, read
from o365_exporter.probing.sources import METRICS

_TENANT = "o365_tenant_info"


def probe(mode: Mode | Listing, arguments: Namespace, environ: Mapping[str, str]) -> int:
    """Print what a check found and return its exit code: 0, 1, 2, or 3 for whatever cannot be told.

    Args:
        mode: of the plugins.
        arguments: what was typed.
        environ: environment variables.
    """
    try:
        with _signals_are_told():
            text, status = _said(mode, vars(arguments), environ)
    except ProbeError as error:
        text, status = _unknown(str(error))
    except Exception as error:  # noqa: BLE001 - no fault of ours may look like a status of Microsoft's
        text, status = _unknown(f"A fault of the probe itself ({type(error).__name__}): please report it.")
    try:
        print(text)
        sys.stdout.flush()
    except OSError:
        return Status.UNKNOWN.code
    return status.code


@contextmanager
def _signals_are_told() -> Iterator[None]:
    """Whoever stops a check, as Nagios does after a while, gets UNKNOWN and not the exit code of a daemon that ends."""
    before = {number: signal.signal(number, _stopped) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stopped(number: int, _: object) -> NoReturn:
    raise ProbeError(f"Stopped by {signal.Signals(number).name} before the exporter had answered.")


def _unknown(sentence: str) -> tuple[str, Status]:
    report = Report()
    report.say(Status.UNKNOWN, sentence)
    return report.text(DEFAULT_MAX_OUTPUT, verbose=False), report.status


def _said(mode: Mode | Listing, options: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[str, Status]:
    if isinstance(mode, Listing):
        return _listed(mode, options, environ), Status.OK
    report = _report(mode, options, environ)
    return report.text(options["max_output"], verbose=options["verbose"]), report.status


def _listed(listing: Listing, options: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    if options["disco_format"]:
        return listing.form()
    entries = listing.find(_reading(listing, options, environ), _asked(listing, options, Style()))
    return listing.show(entries) if options["disco_show"] else listing.text(entries)


def _report(mode: Mode, options: Mapping[str, Any], environ: Mapping[str, str]) -> Report:
    style = Style(
        counters=options.get("filter-counters") or "",
        in_percent=options.get("units", "%") == "%",
        dotted=bool(options.get("use-new-perfdata")),
    )
    judge = Judge(mode.looks, options, style)
    found = mode.find(_reading(mode, options, environ), _asked(mode, options, style))
    report = Report()
    for block in found.blocks:
        judge.judge(block, report)
    for trouble in found.troubles:
        report.say(Status.UNKNOWN, trouble)
    if report.is_silent:
        report.say(Status.UNKNOWN, "Nothing is looked at: no counter has a label that --filter-counters allows.")
    return report


def _asked(mode: Mode | Listing, options: Mapping[str, Any], style: Style) -> Asked:
    return Asked({option.names[0]: options[option.names[0]] or "" for option in mode.options}, style)


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


def _reading(mode: Mode | Listing, options: Mapping[str, Any], environ: Mapping[str, str]) -> Reading:
    """What is known of the tenant.

    Raises:
        ProbeError: nothing is.
    """
    answer = ask(_door(options, environ), options["tenant"])
    tenants = read(answer.text, {*mode.metrics, *METRICS, _TENANT})
    if answer.tenant not in tenants:
        raise ProbeError(f"The exporter serves nothing of tenant {answer.tenant!r}. See its log.")
    return Reading(tenants[answer.tenant], answer.now, answer.tenant)
