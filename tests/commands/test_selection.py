"""Which part of the settings a command is about."""

from __future__ import annotations

import pytest

from o365_exporter.commands.selection import of_tenants
from o365_exporter.errors import ConfigurationError
from o365_exporter.settings import load


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "there is tenant-00."),
        (2, "there are tenant-00, tenant-01."),
        (12, f"there are {', '.join(f'tenant-{n:02}' for n in range(10))} and 2 more; check-config shows them all."),
    ],
)
def test_an_unknown_tenant_is_told_who_there_is(number: int, said: str) -> None:
    """Ten names at most, as the label has them; a name that is near is a guess instead."""
    variables = {
        "O365_DEFAULTS__CLIENT_ID": "66666666-7777-8888-9999-aaaaaaaaaaaa",
        "O365_DEFAULTS__CLIENT_SECRET": "abc",
    }
    for n in range(number):
        variables[f"O365_TENANTS__{n}__TENANT_ID"] = f"11111111-2222-3333-4444-{n:012}"
        variables[f"O365_TENANTS__{n}__NAME"] = f"tenant-{n:02}"
    with pytest.raises(ConfigurationError) as raised:
        of_tenants(load(None, variables), ["nobody"])
    assert raised.value.faults == [f"--tenant 'nobody': there is no tenant of that name: {said}"]
