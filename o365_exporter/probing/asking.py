"""Asking the exporter for the series of one tenant, within a time that nothing can stretch.

Who names no tenant asks which there are before: the page of all of them may have hundreds of megabytes.

No proxy is used and no redirect followed, so that a password goes to the named host alone. The exporter's clock, of its
``Date``, is the one by which ages are told; that of the machine where the check runs does not matter.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, quote, unquote_plus, urlsplit

from o365_exporter.probing import PASSWORD, URL, ProbeError
from o365_exporter.texts import UnusableError, line_of, text_in, without_login

_MOST = 64 * 1024 * 1024
"""Bytes of a page; that of a tenant with ten thousand issues has 15 MB."""

_MOST_WORDS = 300
_MOST_NAMES = 10
_PIECE = 8  # characters of a secret that no words may have in common with it


class Door(NamedTuple):
    """How to get to the exporter.

    Args:
        url: its address; ``/metrics`` is added.
        timeout: seconds for everything.
        ca_file: the authority that it is trusted by, besides those of the machine; None for these alone.
        user: of its ``web_config_file``; empty for none.
        password: likewise.
        cert_file: the certificate that is shown; None for none.
        key_file: its key; None where that is in the same file.
    """

    url: str
    timeout: float
    ca_file: Path | None = None
    user: str = ""
    password: str = ""
    cert_file: Path | None = None
    key_file: Path | None = None

    def __repr__(self) -> str:
        return f"Door({without_login(self.url)!r})"


class Answer(NamedTuple):
    """What the exporter said.

    Args:
        tenant: whose series they are.
        text: its lines.
        now: its clock, seconds since 1970.
    """

    tenant: str
    text: str
    now: float


class _Said(NamedTuple):
    """An answer with 200 whose body is whole."""

    body: bytes
    kind: str
    date: str


def password_of(file: Path | None, variable: str) -> str:
    """The password, out of a file or the environment.

    Raises:
        ProbeError: the file cannot be used.
    """
    if file is None:
        return variable
    try:
        return line_of(text_in(file))
    except UnusableError as error:
        raise ProbeError(f"--password-file {file} {error}.") from None


def ask(door: Door, tenant: str | None) -> Answer:
    """The series of a tenant, or of the only one where none is named.

    Raises:
        ProbeError: there are none to be had; it says why, and what to do.
    """
    address = address_of(door)
    found: list[Answer | BaseException] = []

    def run() -> None:
        try:
            found.append(_ask(door, address, tenant))
        except BaseException as error:  # noqa: BLE001 - it is told in the thread that waits
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)  # so that name resolution cannot hold the check either
    thread.start()
    thread.join(door.timeout)
    if not found:
        raise ProbeError(
            f"{_named(address)} gave no answer within {door.timeout:g} s. See whether it hangs, or a firewall drops "
            "packets; --timeout waits longer."
        )
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def address_of(door: Door) -> SplitResult:
    """The address, if it is one.

    Raises:
        ProbeError: it is none, or has a password in it.
    """
    wrong = "write it as http://127.0.0.1:10365 or https://host:port"
    try:
        parts = urlsplit(door.url)
        port = parts.port
    except ValueError:
        raise ProbeError(f"--url ({URL}) is no address: {wrong}.") from None
    if "@" in parts.netloc:
        raise ProbeError(f"--url ({URL}) has a user in it: give --user, and the password by --password-file.")
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or parts.query or parts.fragment:
        raise ProbeError(f"--url {without_login(door.url)!r} ({URL}) is no address of a server: {wrong}.")
    if not door.url.isascii() or not door.url.isprintable() or " " in door.url:
        raise ProbeError(f"--url {without_login(door.url)!r} ({URL}) has characters that no address has: {wrong}.")
    if (door.ca_file or door.cert_file) and parts.scheme != "https":
        raise ProbeError(
            f"Certificates are for https, and --url is {without_login(door.url)!r}: write https, or leave them out."
        )
    return parts


def _named(address: SplitResult) -> str:
    return f"The exporter at {address.scheme}://{address.netloc}"


def _ask(door: Door, address: SplitResult, tenant: str | None) -> Answer:
    name = _only(_tenants(door, address)) if tenant is None else tenant
    said = _got(door, address, f"/metrics?tenant={quote(name, safe='', errors='replace')}")
    now, text = clock_of(said.date), said.body.decode(errors="replace")
    if now is None or said.kind != "text/plain" or "# TYPE o365_" not in text:
        raise _foreign(address)
    return Answer(name, text, now)


def _tenants(door: Door, address: SplitResult) -> list[str]:
    """The names of all, of what the exporter lists for service discovery."""
    said = _got(door, address, "/sd")
    import json  # noqa: PLC0415 - only here, for most checks name a tenant

    try:
        each = [target["labels"].get("__param_tenant") for target in json.loads(said.body)]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise _foreign(address) from None
    return sorted(name for name in each if isinstance(name, str))


def _only(names: Sequence[str]) -> str:
    if not names:
        raise ProbeError("The exporter watches no tenant. Write one into its settings.")
    if len(names) > 1:
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        listed = ", ".join(map(repr, names[:_MOST_NAMES]))
        raise ProbeError(f"The exporter watches {len(names)} tenants: name one by --tenant, of {listed}{more}.")
    return names[0]


def _foreign(address: SplitResult) -> ProbeError:
    return ProbeError(f"What answers at {address.scheme}://{address.netloc} is not the exporter. Mend --url.")


def _got(door: Door, address: SplitResult, path: str) -> _Said:
    """What stands at a path.

    Raises:
        ProbeError: nothing that is whole, or something else than 200.
    """
    connection = _connection(door, address)
    try:
        connection.request("GET", address.path.rstrip("/").removesuffix("/metrics") + path, headers=_headers(door))
        response = connection.getresponse()
        body = response.read(_MOST + 1)
        if response.length and len(body) <= _MOST:  # Python 3.11 and 3.12 take a cut answer for a whole one
            raise http.client.IncompleteRead(b"", response.length)
    except ssl.SSLCertVerificationError as error:
        raise ProbeError(
            f"{_named(address)} shows a certificate that is not trusted ({error.verify_message}). Name its authority "
            "by --ca-file, or have it issued for the host of --url."
        ) from None
    except ssl.SSLError as error:  # also where it wants a certificate that was not shown
        raise ProbeError(
            f"{_named(address)} does not speak TLS as it should ({(error.reason or '').replace('_', ' ').lower()}). "
            "Write http in --url if it serves without TLS; give --cert-file if it wants a certificate."
        ) from None
    except socket.gaierror as error:
        raise ProbeError(f"{_named(address)} has no address ({error.strerror}). Mend the host in --url.") from None
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise ProbeError(
            f"{_named(address)} does not answer ({why}). Start it, or give its address by --url; write https if it "
            "serves with TLS."
        ) from None
    finally:
        connection.close()
    _refuse_others(door, address, response, body, path)
    return _Said(body, response.headers.get_content_type(), response.headers.get("Date", ""))


def _connection(door: Door, address: SplitResult) -> http.client.HTTPConnection:
    host, port = str(address.hostname), address.port
    if address.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=door.timeout)
    return http.client.HTTPSConnection(host, port, timeout=door.timeout, context=_context(door))


def _context(door: Door) -> ssl.SSLContext:
    """What is trusted and shown.

    Raises:
        ProbeError: a file cannot be used.
    """
    context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # Python 3.13 is stricter than most authorities of a house
    if door.ca_file:
        _load(context.load_verify_locations, "--ca-file", door.ca_file)
    if door.cert_file:
        _load(partial(context.load_cert_chain, keyfile=door.key_file, password=_refused), "--cert-file", door.cert_file)
    return context


def _load(load: Callable[[Path], object], option: str, file: Path) -> None:
    try:
        load(file)
    except (OSError, ValueError) as error:
        why = (
            "not what it should be" if isinstance(error, ssl.SSLError) else getattr(error, "strerror", "no file's name")
        )
        raise ProbeError(f"{option} {file} cannot be used ({why}): name a file in PEM.") from None


def _refused() -> str:
    """For a key under a passphrase, which would be asked for on a terminal."""
    raise ValueError


def _headers(door: Door) -> dict[str, str]:
    headers = {
        "Accept": "text/plain;version=0.0.4, application/json",
        "User-Agent": "o365-exporter-probe",
        "Connection": "close",
    }
    if door.user:
        pair = f"{door.user}:{door.password}".encode("utf-8", "surrogateescape")
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return headers


def _refuse_others(
    door: Door, address: SplitResult, response: http.client.HTTPResponse, body: bytes, path: str
) -> None:
    """Than 200.

    Raises:
        ProbeError: it is another one, or the body is too long.
    """
    words = body[: 4 * _MOST_WORDS].decode(errors="replace").strip().partition("\n")[0][:_MOST_WORDS]
    said = (
        f" It says: {words}"
        if words and not _repeats(words, door) and response.headers.get_content_type() == "text/plain"
        else ""
    )
    if response.status in (401, 403):
        raise ProbeError(
            f"{_named(address)} refuses ({response.status}). Give --user, and the password by --password-file or "
            f"{PASSWORD}."
        )
    if response.status != 200:  # noqa: PLR2004 - HTTP's
        remedy = _REMEDIES.get((response.status, path.partition("?")[0]), "Mend --url if this is not the exporter.")
        raise ProbeError(f"{_named(address)} answers with {response.status}.{said} {remedy}")
    if len(body) > _MOST:
        raise ProbeError(f"{_named(address)} serves more than {_MOST // 1024**2} MiB of it. Filter in its settings.")


def _repeats(words: str, door: Door) -> bool:
    """Whether words of who knows what server have a piece of the password in them, or of the header it was sent in."""
    heard = words.lower(), unquote_plus(words).lower()
    sent = door.password.lower(), _headers(door).get("Authorization", "").rpartition(" ")[2].lower()
    return any(
        piece in text
        for one in sent
        for piece in {one[at : at + _PIECE] for at in range(max(len(one) - _PIECE, 0) + 1)}
        if piece
        for text in heard
    )


def clock_of(date: str) -> float | None:
    """Seconds since 1970 that a ``Date`` tells; None where it is none."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


_BUSY = "Try again; see how many ask at once."
_REMEDIES = {
    (404, "/metrics"): "Give --tenant as the label `tenant` has it; mend --url if this is not the exporter.",
    (503, "/metrics"): _BUSY,
    (503, "/sd"): _BUSY,
}
"""By status and path."""
