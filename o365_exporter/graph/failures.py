"""Why there is no whole answer: network, tls, timeout or truncated, in a sentence that names hosts."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx

from o365_exporter.errors import (
    NetworkError,
    PollError,
    PollTimeoutError,
    TlsError,
    TruncatedError,
    UnexpectedAnswerError,
)
from o365_exporter.graph.trust import LAX, is_strict


class ProxyRefusedError(NetworkError):
    """The proxy answered, and does not want to: asking again is of no use."""


def failure_of(error: Exception, *, host: str, proxy: str, timeout: float, begun: bool) -> PollError:
    """The failure that an exception of httpx stands for.

    Args:
        error: of httpx. Its text may not be shown whole: it can quote headers.
        host: that was asked.
        proxy: host and port of the proxy on the way; empty when there is none.
        timeout: seconds after which a request is given up.
        begun: whether an answer had begun.
    """
    failure = _failure_of(error, host, proxy, timeout, begun=begun)
    if not begun:  # nobody gets through to it: whoever asks fails for the same
        failure.subject = _way(host, proxy)
    return failure


def _failure_of(error: Exception, host: str, proxy: str, timeout: float, *, begun: bool) -> PollError:
    match error:
        case httpx.TimeoutException():
            return PollTimeoutError(f"{_way(host, proxy)} gave no answer within {timeout:g} seconds.")
        case httpx.ProxyError():
            return _proxy_failure(str(error), host, proxy)
        case httpx.ConnectError() if (broken := _tls_error(error)) is not None:
            return _tls_failure(broken, host, proxy)
        case httpx.NetworkError() | httpx.RemoteProtocolError():
            return _broken_connection(error, host, proxy, begun=begun)
        case httpx.DecodingError():
            return UnexpectedAnswerError(f"The answer of {host} is compressed in a way that cannot be undone.")
    return UnexpectedAnswerError(f"{host} cannot be asked this way: {type(error).__name__}.")


def _way(host: str, proxy: str) -> str:
    return f"{host} (by the proxy {proxy})" if proxy else host


def _proxy_failure(text: str, host: str, proxy: str) -> NetworkError:
    status = int(text[:3]) if text[:3].isdigit() else None
    name = proxy or "the proxy"
    if status == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
        return proxy_wants_login(name)
    message = f"The proxy {name} does not connect to {host} ({text[:80]})."
    if status is not None and status < httpx.codes.INTERNAL_SERVER_ERROR:
        return ProxyRefusedError(message, remedy=f"Allow {host} on the proxy.", status=status)
    return NetworkError(message, status=status)


def proxy_wants_login(proxy: str) -> ProxyRefusedError:
    """What a 407 means."""
    return ProxyRefusedError(
        f"The proxy {proxy} asks for a user and a password (407).",
        remedy="Put them into the proxy's address, as http://user:password@host:port.",
        status=httpx.codes.PROXY_AUTHENTICATION_REQUIRED,
    )


def _tls_failure(error: ssl.SSLError, host: str, proxy: str) -> TlsError:
    if isinstance(error, ssl.SSLCertVerificationError) and is_strict(error):
        return TlsError(
            f"A certificate on the way to {_way(host, proxy)} is not as RFC 5280 asks: {error.verify_message}.",
            remedy=f"Have it, or the authority that signed it, issued anew, or {LAX}.",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsError(
            f"The certificate of {_way(host, proxy)} is not trusted: {error.verify_message}.",
            remedy=(
                "If a proxy of your network opens TLS, put its certificate authority into a PEM file and set "
                "ca_file in the settings (O365_CA_FILE)."
            ),
        )
    return TlsError(
        f"The TLS handshake with {_way(host, proxy)} failed ({error.reason or 'connection closed'}).",
        remedy="Check that nothing on the way, such as a proxy or a firewall, breaks TLS to this host.",
    )


def _broken_connection(error: Exception, host: str, proxy: str, *, begun: bool) -> PollError:
    if begun:
        return TruncatedError(f"The answer of {_way(host, proxy)} broke off before its end.")
    what = "cannot be reached" if isinstance(error, httpx.ConnectError) else "closed the connection without an answer"
    why = str(error)[:120].rstrip(".") or type(error).__name__
    return NetworkError(
        f"{_way(host, proxy)} {what}: {why}.",
        remedy="Check name resolution, firewall and proxy settings of the machine that runs the exporter.",
    )


def _tls_error(error: BaseException) -> ssl.SSLError | None:
    return next((link for link in _chain(error) if isinstance(link, ssl.SSLError)), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
