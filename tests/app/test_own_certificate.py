"""The end of the exporter's own certificate is on the page whatever Microsoft says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.app.rig import RARELY, polling, rig, small
from tests.certificates import DAY, certificate, key_pem, pem, rsa_key
from tests.fakes import NOON

FAMILY = "o365_exporter_credential_expiry_timestamp_seconds{"


def settings(file: Path) -> Mapping[str, str]:
    """The tenant's certificate in place of its secret."""
    prefix = "O365_TENANTS__CONTOSO__"
    return {**RARELY, f"{prefix}CLIENT_SECRET": "", f"{prefix}CERTIFICATE_FILE": str(file)}


async def test_the_certificates_end_is_served_with_and_without_a_token(tmp_path: Path) -> None:
    """Refused at first, then accepted, then renewed: the series is there all along, and tells the newest end."""
    own, file = certificate(), tmp_path / "own.pem"
    file.write_bytes(pem(own) + key_pem())
    ends = f'{FAMILY}kind="certificate",tenant="contoso"}}'
    async with rig(small("contoso"), settings(file)) as made, polling(made):
        assert made.states("contoso") == {"auth"}
        assert made.lines(FAMILY) == [f"{ends} 1.78092e+09"]
        made.simulator.tenants["contoso"].add_certificate(pem(own).decode())
        await made.clock.advance(15 * 60)
        assert made.states("contoso") == {"ok"}
        other = certificate(rsa_key("other"), ends=NOON + 365 * DAY)
        made.simulator.tenants["contoso"].add_certificate(pem(other).decode())
        file.write_bytes(pem(other) + key_pem(rsa_key("other")))
        await made.clock.advance(15 * 60)
        (line,) = made.lines(FAMILY)
        assert float(line.split()[-1]) == NOON + 365 * DAY
        assert made.lines("o365_exporter_tenant_up{") == ['o365_exporter_tenant_up{tenant="contoso"} 1.0']


async def test_an_expired_certificate_shows_its_end(tmp_path: Path) -> None:
    """The sentence is in the tenant's state, and the series says since when."""
    file = tmp_path / "own.pem"
    file.write_bytes(pem(certificate(ends=NOON - 1)) + key_pem())
    async with rig(small("contoso"), settings(file)) as made, polling(made):
        assert made.lines("o365_exporter_tenant_state{") == [
            'o365_exporter_tenant_state{state="auth",tenant="contoso"} 1.0'
        ]
        (line,) = made.lines(FAMILY)
        assert float(line.split()[-1]) == NOON - 1
        assert all("has expired" in message for message in made.messages("contoso"))


async def test_a_secret_has_no_such_series() -> None:
    """The end of a secret is Graph's to tell."""
    async with rig(small("contoso"), RARELY) as made, polling(made):
        assert [line for line in made.lines(FAMILY) if 'kind="certificate"' in line] == []
