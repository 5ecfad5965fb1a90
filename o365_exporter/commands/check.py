"""``check``: what is in the way, before the first poll. Asks Microsoft, and changes nothing."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Literal

import anyio

from o365_exporter import checking, logs
from o365_exporter.app import until_signal
from o365_exporter.clock import SystemClock
from o365_exporter.commands.check_words import Words
from o365_exporter.commands.once import EXIT_SIGNAL
from o365_exporter.commands.selection import check_enabled, check_for_work, of_polled
from o365_exporter.escapes import as_json
from o365_exporter.settings import Inspection, Settings, TenantSettings, credential_doubts, inspect

_QUIET = logs.LogOptions(format="console", level="error")
"""What is wrong stands in the report; the log is for faults of the program itself."""


def check(
    config: Path | None,
    environ: Mapping[str, str],
    tenants: Sequence[str] | None,
    collectors: Sequence[str] | None,
    form: Literal["table", "json"],
) -> int:
    """Check the way to Microsoft, the sign-ins, the permissions and the sources; what is wrong is told as it is found.

    Args:
        config: the settings file.
        environ: environment variables.
        tenants: only these; None means all that this process would poll.
        collectors: only these; None means every enabled one.
        form: for people, or one object of JSON at the end.

    Returns:
        0 when nothing is wrong, 1 when something is, 128 and its number after a signal.

    Raises:
        ConfigurationError: the settings cannot be used, or there is no such tenant or collector in them.
    """
    try:
        inspection = inspect(config, environ)
        settings = _selected(inspection.settings, tenants)
        check_enabled(settings, collectors or ())
        asked = frozenset(collectors) if collectors else None
        logs.configure(_QUIET)
        words = Words(settings, asked, SystemClock(), quiet=form == "json")
        report = checking.Report(tuple(_doubts(inspection, settings)), problems=checking.Problems(words.problem))
        words.begin(report)
        registration_of = partial(registration, config, Counter(_apps(inspection.settings)))
        stopped = anyio.run(until_signal, partial(_check, settings, asked, report, words, registration_of))
    except KeyboardInterrupt:  # before the signal handlers stand
        return EXIT_SIGNAL + signal.SIGINT
    if form == "json" and not stopped:
        sys.stdout.write(f"{as_json(checking.document(report), indent=2)}\n")
    words.end(report, is_whole=not stopped)
    if stopped:
        return EXIT_SIGNAL + stopped
    return 0 if report.is_good else 1


async def _check(
    settings: Settings,
    asked: frozenset[str] | None,
    report: checking.Report,
    words: Words,
    registration_of: Callable[[TenantSettings], checking.Registration],
) -> None:
    work = partial(checking.check, settings, asked, words.clock, report)
    await words.during(partial(work, on_way=words.way, on_tenant=words.tenant, registration_of=registration_of))


def _apps(settings: Settings) -> Iterator[tuple[str, str]]:
    """Cloud and client ID of each tenant's app."""
    return ((tenant.cloud.name, tenant.credential.client_id) for tenant in settings.tenants)


def registration(
    config: Path | None, tenants_by_app: Counter[tuple[str, str]], tenant: TenantSettings
) -> checking.Registration:
    """What the settings at hand say of a tenant's app.

    Args:
        config: their file.
        tenants_by_app: how many tenants each app serves by them, also those that are not checked.
        tenant: whose app it is.
    """
    file = f" --config {quote(str(config))}" if config else ""
    whose = f" --tenant {quote(tenant.name)}" if tenants_by_app.total() > 1 else ""
    is_shared = tenants_by_app[tenant.cloud.name, tenant.credential.client_id] > 1
    return checking.Registration(f"{checking.SCRIPT}{file}{whose}", is_shared)


def _selected(settings: Settings, tenants: Sequence[str] | None) -> Settings:
    selected = of_polled(settings, tenants)
    check_for_work(selected)
    return selected


def _doubts(inspection: Inspection, settings: Settings) -> list[checking.Doubt]:
    """What looks like an oversight in the settings: sentences that end with what to do."""
    sentences = (*inspection.warnings, *credential_doubts(settings.tenants))
    return [checking.Doubt(sentence) for sentence in dict.fromkeys(sentences)]
