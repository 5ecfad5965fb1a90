"""Why there is no whole answer: network, tls, timeout or truncated, in a sentence that names the way to the host."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator

import httpx

from o365_exporter.errors import (
    InternalError,
    NetworkError,
    PollError,
    PollTimeoutError,
    RefusedRedirectError,
    TlsError,
    TruncatedError,
    UnexpectedAnswerError,
)
from o365_exporter.http.names import NameTimeoutError, UnknownNameError
from o365_exporter.http.progress import Stage
from o365_exporter.http.quoting import printable
from o365_exporter.http.reach import NoConnectionError
from o365_exporter.http.trust import LAX, is_strict

_NO_FILES = (errno.EMFILE, errno.ENFILE)
_OUT_OF_TIME = {9: "not valid yet", 10: "expired"}  # X509_V_ERR_CERT_NOT_YET_VALID and …_HAS_EXPIRED of OpenSSL

_PROXY_HINT = (
    "Where the network lets nothing out but by a proxy, set proxy (O365_PROXY or HTTPS_PROXY), and see that NO_PROXY "
    "does not cover this host."
)
"""For whoever is reached directly, or is not: a proxy may be wanted."""

_ODD_LOCATION = "Invalid URL in location header"
"""How httpx says that a redirect's address is none; it looks at that although it is to follow none."""


class ProxyRefusedError(NetworkError):
    """The proxy answered, and does not want to: asking again is of no use."""


class NoDescriptorsError(InternalError):
    """This process, or the machine, may open no more files: no connection can come about, and no host is to blame."""


class UnreachableError(NetworkError):
    """No connection came about: asking again is of use for a moment only."""


class UnresolvedError(UnreachableError):
    """The name on the way has no address."""


class CertificateTimeError(TlsError):
    """A host's certificate is not within its time, or our clock is wrong."""


def failure_of(
    error: Exception,
    *,
    host: str,
    path: str,
    seconds: float,
    stage: Stage,
    begun: bool,
    secrets: tuple[str, ...] = (),
    logs_in: bool = False,
) -> PollError:
    """The failure that an exception of httpx stands for.

    Args:
        error: of httpx. Its text may not be shown whole: it can quote headers.
        host: that was asked.
        path: to it, as ``Http.path_to`` has it.
        seconds: after which that stage is given up.
        stage: what was waited for.
        begun: whether an answer had begun.
        secrets: of the request and of the proxies, which whoever answered may have sent back.
        logs_in: whether the proxy on the way was given a user and a password.
    """
    if any(isinstance(link, OSError) and link.errno in _NO_FILES for link in _chain(error)):
        return NoDescriptorsError(
            "No connection can be opened: this process has used up the files that it may hold open.",
            remedy="Raise its limit (LimitNOFILE= of systemd, ulimit -n of a shell, --ulimit nofile= of Docker): 1024, "
            "and two more for each tenant.",
            subject="open files",
        )
    if isinstance(error, httpx.ProxyError):
        failure: PollError = _proxy_failure(str(error), host, path, secrets, logs_in=logs_in)
    else:
        failure = _failure_of(error, host, path, seconds, stage, begun=begun, secrets=secrets)
    if not begun:  # nobody gets through to it: whoever asks fails for the same
        failure.subject = way(path)
    return failure


def _failure_of(
    error: Exception, host: str, path: str, seconds: float, stage: Stage, *, begun: bool, secrets: tuple[str, ...]
) -> PollError:
    match error:
        case httpx.TimeoutException():
            return _too_late(error, path, seconds, stage)
        case UnknownNameError():
            return _unresolved(error, path)
        case httpx.ConnectError() if (broken := _tls_error(error)) is not None:
            return _tls_failure(broken, path)
        case httpx.NetworkError() | httpx.RemoteProtocolError():
            return _broken_connection(error, host, path, begun=begun, secrets=secrets)
        case httpx.DecodingError():
            return UnexpectedAnswerError(f"The answer of {host} is compressed in a way that cannot be undone.")
    return UnexpectedAnswerError(f"{host} cannot be asked this way: {type(error).__name__}.")


def _too_late(error: httpx.TimeoutException, path: str, seconds: float, stage: Stage) -> PollTimeoutError:
    if isinstance(error, NameTimeoutError):
        return NoConnectionError(
            f"The name of {_first_hop(path)} was not resolved within {error.seconds:.3g} s.",
            remedy="Check the name servers of the machine that runs the exporter, and the way to them.",
        )
    connecting = isinstance(error, httpx.ConnectTimeout)
    late = no_answer(path, seconds, Stage.CONNECTION if connecting and stage is Stage.ANSWER else stage)
    is_lost = connecting or stage is Stage.TUNNEL
    return NoConnectionError(late.message, remedy=late.remedy) if is_lost else late


def _unresolved(error: UnknownNameError, path: str) -> UnresolvedError:
    host = printable(error.host, (), 120)
    why = "there is no such name" if error.is_settled else "its name servers do not answer"
    proxy = (
        "Correct the proxy's address, or mend that"
        if _has_proxy(path)
        else "Where a proxy alone knows names, set proxy (O365_PROXY or HTTPS_PROXY); else mend that"
    )
    return UnresolvedError(
        f"This machine cannot resolve {host}: {why}.",
        remedy=f"See it by: getent hosts {host}. {proxy} in /etc/resolv.conf (of a container: its DNS setting).",
    )


def no_answer(path: str, seconds: float, stage: Stage) -> PollTimeoutError:
    """What to say where a wait was given up after so many seconds."""
    match stage:
        case Stage.CONNECTION:
            return PollTimeoutError(
                f"No TCP connection to {way(path)} within {seconds:.3g} s.",
                subject=way(path),
                remedy=(
                    "A firewall that drops packets shows like this: let this machine reach "
                    f"{_first_hop(path)}. {_hint(path)}"
                ).rstrip(),
            )
        case Stage.TUNNEL:
            return PollTimeoutError(
                f"{_capital(_first_hop(path))} took the connection, and did not say within {seconds:.3g} s whether it "
                f"has one to {path.partition(' ')[0]}.",
                subject=way(path),
                remedy="See in its log whether it may reach that host, or is stuck.",
            )
        case Stage.HANDSHAKE:
            return PollTimeoutError(
                f"No TLS handshake with {way(path)} within {seconds:.3g} s.",
                subject=way(path),
                remedy="Look for a firewall or a proxy that lets connections through and holds back what they carry.",
            )
        case Stage.REST:
            return PollTimeoutError(f"{way(path)} gave no more of its answer within {seconds:.3g} seconds.")
    return PollTimeoutError(f"{way(path)} gave no answer within {seconds:.3g} seconds.", subject=way(path))


def way(path: str) -> str:
    """``host:port (directly)`` or ``host:port (through the proxy …)``, for the middle of a sentence."""
    host, _, how = path.partition(" ")
    return f"{host} ({how})" if how else host


def _has_proxy(path: str) -> bool:
    return " through " in path


def _hint(path: str) -> str:
    return "" if _has_proxy(path) else _PROXY_HINT


def _first_hop(path: str) -> str:
    _, through, proxy = path.partition(" through ")
    return proxy if through else path.partition(" ")[0]


def _proxy_failure(text: str, host: str, path: str, secrets: tuple[str, ...], *, logs_in: bool) -> NetworkError:
    status = int(text[:3]) if text[:3].isdigit() and text[:3].isascii() else None
    name = _first_hop(path) if _has_proxy(path) else "the proxy"
    if status == httpx.codes.PROXY_AUTHENTICATION_REQUIRED and logs_in:
        return ProxyRefusedError(
            f"{_capital(name)} refuses the user and the password in its address (407).",
            remedy="Correct them where that address is set; special characters are written percent-encoded.",
            status=status,
        )
    if status == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
        return ProxyRefusedError(
            f"{_capital(name)} asks for a user and a password (407).",
            remedy="Put them into the proxy's address, as http://user:password@host:port.",
            status=status,
        )
    message = f"{_capital(name)} does not connect to {host} ({printable(text, secrets, 80)})."
    if status is not None and status < httpx.codes.INTERNAL_SERVER_ERROR:
        return ProxyRefusedError(message, remedy=f"Allow {host} on the proxy.", status=status)
    return NetworkError(message, status=status)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _tls_failure(error: ssl.SSLError, path: str) -> TlsError:
    if isinstance(error, ssl.SSLCertVerificationError) and is_strict(error):
        return TlsError(
            f"A certificate on the way to {way(path)} is not as RFC 5280 asks: {error.verify_message}.",
            remedy=f"Have it, or the authority that signed it, issued anew, or {LAX}.",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _OUT_OF_TIME:
            return CertificateTimeError(
                f"The certificate of {way(path)} is {_OUT_OF_TIME[error.verify_code]}, says this machine's clock."
            )
        return TlsError(
            f"The certificate of {way(path)} is not trusted: {error.verify_message}.",
            remedy=(
                "If a proxy of your network opens TLS, put its certificate authority into a PEM file and set "
                "ca_file in the settings (O365_CA_FILE)."
            ),
        )
    return TlsError(
        f"The TLS handshake with {way(path)} failed ({error.reason or 'connection closed'}).",
        remedy="Check that nothing on the way, such as a proxy or a firewall, breaks TLS to this host.",
    )


def _broken_connection(error: Exception, host: str, path: str, *, begun: bool, secrets: tuple[str, ...]) -> PollError:
    if str(error).startswith(_ODD_LOCATION):
        return RefusedRedirectError(
            f"{host} points to an address that cannot be read, which is not followed.",
            remedy="Check the address in the settings, and whether a proxy sends requests to a sign-in page.",
        )
    if begun:
        return TruncatedError(f"The answer of {host} broke off before its end.")
    connecting = isinstance(error, httpx.ConnectError)
    kind = UnreachableError if connecting else NetworkError
    what = "cannot be reached" if connecting else "closed the connection without an answer"
    why = printable(str(error), secrets, 120).rstrip(".") or type(error).__name__
    if connecting and any(isinstance(link, ConnectionRefusedError) for link in _chain(error)):
        why = "the connection is refused, as where nothing listens"
    if connecting and _has_proxy(path) and _was_refused(error):
        return kind(
            f"{_capital(_first_hop(path))} on the way to {host} cannot be reached: {why}.",
            remedy="Check the proxy's address, and that it runs; then the firewall of this machine.",
        )
    check = "Check name resolution, firewall and proxy settings of the machine that runs the exporter."
    hint = _hint(path) if connecting else ""
    return kind(f"{way(path)} {what}: {why}.", remedy=f"{check} {hint}".rstrip())


def _was_refused(error: BaseException) -> bool:
    """Whether no connection came about at all; one that breaks in a handshake had come about, and so it has a proxy."""
    broken = (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)
    causes = [link for link in _chain(error) if isinstance(link, OSError)]
    return bool(causes) and not any(isinstance(link, broken) for link in causes)


def _tls_error(error: BaseException) -> ssl.SSLError | None:
    return next((link for link in _chain(error) if isinstance(link, ssl.SSLError)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and everything that led to it, each once: the links may go round."""
    seen: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        link = todo.pop()
        if link is not None and not any(link is other for other in seen):
            seen.append(link)
            yield link
            todo += [link.__context__, link.__cause__, *getattr(link, "exceptions", ())]
