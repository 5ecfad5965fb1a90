"""All modes, in the order of the help."""

from __future__ import annotations

from o365_exporter.probing.credentials import APP_CREDENTIALS
from o365_exporter.probing.finding import Mode
from o365_exporter.probing.health import SERVICE_STATUS
from o365_exporter.probing.seats import SUBSCRIPTIONS
from o365_exporter.probing.usage import USAGES

MODES: tuple[Mode, ...] = (
    SERVICE_STATUS,
    APP_CREDENTIALS,
    SUBSCRIPTIONS,
    *(usage.mode() for usage in USAGES),
)
