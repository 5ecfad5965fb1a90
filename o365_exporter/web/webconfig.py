"""What a web configuration file can say: the format of Prometheus' exporter-toolkit, for TLS, headers, users, rates.

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md has it. What Python's ``ssl``
cannot do is refused and not passed over: a door that is open wider than its file says is worse than one that is shut.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from o365_exporter.texts import UnusableError

_HASH = re.compile(r"\$2[aby]?\$(?P<cost>\d\d)\$[./A-Za-z0-9]{53}")
_COSTS = range(4, 18)
"""Of bcrypt; each step doubles the time, and 17 takes some seconds, after which Prometheus gives up."""

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}

_GCM = {"AES_128_GCM_SHA256": "AES128-GCM-SHA256", "AES_256_GCM_SHA384": "AES256-GCM-SHA384"}
_FORWARD = {
    **_GCM,
    "AES_128_CBC_SHA": "AES128-SHA",
    "AES_256_CBC_SHA": "AES256-SHA",
    "CHACHA20_POLY1305_SHA256": "CHACHA20-POLY1305",
}
CIPHERS = {
    f"TLS_ECDHE_{kind}_WITH_{name}": f"ECDHE-{kind}-{openssl}"
    for kind in ("RSA", "ECDSA")
    for name, openssl in _FORWARD.items()
}
"""Go's names of those of TLS 1.2 that keep secret what was recorded earlier, and OpenSSL's."""

_ALWAYS = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
"""Those of TLS 1.3: they can be named and not be chosen, in Go as in Python."""

CURVES = {"CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1", "X25519": "X25519"}
"""Go's names and OpenSSL's."""

_HEADERS: dict[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}
"""Those that can be set, and the values they may have where not any will do."""

_ONLY = "name one of " + ", ".join(_HEADERS)


def _listed(names: Any) -> str:
    return ", ".join(names)


def _cipher(name: str) -> str:
    if name not in CIPHERS and name not in _ALWAYS:
        raise UnusableError("is not a cipher that is served", f"write some of {_listed((*CIPHERS, *_ALWAYS))}")
    return name


def _curve(name: str) -> str:
    if name not in CURVES:
        raise UnusableError("is not a curve that is served", f"write one of {_listed(CURVES)}")
    return name


def _one_curve(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > 1:
        raise UnusableError(
            "has several curves, and Python's ssl can be given one or none", "name one, or leave the key out"
        )
    return names


def _version(name: str) -> str:
    if name in ("TLS10", "TLS11"):
        raise UnusableError("is a version that is served to nobody", 'write "TLS12" or "TLS13"')
    if name not in ("TLS12", "TLS13"):
        raise UnusableError("is not a version of TLS", 'write "TLS12" or "TLS13"')
    return name


def _client_auth(name: str) -> str:
    if name in ("RequestClientCert", "RequireAnyClientCert", "RequireClientCert"):
        raise UnusableError(
            "asks for a certificate that nobody verifies, which Python's ssl does not do",
            'write "RequireAndVerifyClientCert" and name client_ca_file',
        )
    if name not in ("", "NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"):
        raise UnusableError(
            "is not known", 'write "RequireAndVerifyClientCert", "VerifyClientCertIfGiven" or "NoClientCert"'
        )
    return name or "NoClientCert"


def _header(item: dict[str, str]) -> dict[str, str]:
    for name, value in item.items():
        if name not in _HEADERS:
            # A value that stands there without a blank behind the colon is a part of the name.
            raise UnusableError(f"has {name.partition(':')[0]!r}, which cannot be set", _ONLY)
        if value and (allowed := _HEADERS[name]) and value not in allowed:
            raise UnusableError(f"has a value of {name} that is not allowed", f"write {' or '.join(allowed)}")
        if not re.fullmatch(r"[\t\x20-\x7e]*", value):
            raise UnusableError(f"has a value of {name} that is no header", "write printable ASCII on one line")
    return {name: value for name, value in item.items() if value}


def _hash(secret: SecretStr) -> SecretStr:
    match = _HASH.fullmatch(secret.get_secret_value())
    if match is None:
        raise UnusableError(
            "is not a bcrypt hash", "write what htpasswd -nBC 10 '' prints behind the colon, never the password"
        )
    if int(match["cost"]) not in _COSTS:
        raise UnusableError(f"has the bcrypt cost {int(match['cost'])}", f"take one from 4 to {_COSTS[-1]}, such as 10")
    return secret


def _user(name: str) -> str:
    if not name or ":" in name:
        raise UnusableError("is no name that a client could send", "write one without a colon")
    return name


def _duration(value: Any) -> Any:
    if isinstance(value, str) and value != "0":
        if not _DURATION.fullmatch(value):
            raise UnusableError("is no duration of Go", 'write such as "100ms" or "1s"')
        return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(value))
    return value


def _table(value: Any) -> Any:
    """Nothing behind a colon is an empty table."""
    return {} if value == "" else value


def _list(value: Any) -> Any:
    return () if value == "" else value


Versions = Annotated[str, AfterValidator(_version)]
_NAMES = BeforeValidator(_list)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class TlsServer(_Part):
    """``tls_server_config``."""

    cert: str = ""
    key: SecretStr = SecretStr("")
    client_ca: str = ""
    cert_file: str = ""
    key_file: str = ""
    client_ca_file: str = ""
    client_auth_type: Annotated[str, AfterValidator(_client_auth)] = "NoClientCert"
    client_allowed_sans: Annotated[tuple[str, ...], _NAMES] = ()
    min_version: Versions = "TLS12"
    max_version: Versions = "TLS13"
    cipher_suites: Annotated[tuple[Annotated[str, AfterValidator(_cipher)], ...], _NAMES] = ()
    prefer_server_cipher_suites: bool = True
    curve_preferences: Annotated[
        tuple[Annotated[str, AfterValidator(_curve)], ...], _NAMES, AfterValidator(_one_curve)
    ] = ()

    @property
    def is_wanted(self) -> bool:
        """Whether TLS is to be served; as in the toolkit, versions and ciphers alone do not ask for it."""
        asking = (self.cert, self.cert_file, self.key.get_secret_value(), self.key_file)
        return any((*asking, self.client_ca, self.client_ca_file, "client_auth_type" in self.model_fields_set))

    @property
    def asks_for_certificates(self) -> bool:
        """Whether a certificate that a client shows is verified."""
        return self.client_auth_type != "NoClientCert"

    @property
    def requires_certificates(self) -> bool:
        """Whether a client without one is served the probes alone."""
        return self.client_auth_type == "RequireAndVerifyClientCert"


class HttpServer(_Part):
    """``http_server_config``."""

    http2: bool = False
    headers: Annotated[dict[str, str], AfterValidator(_header), BeforeValidator(_table)] = {}


class RateLimit(_Part):
    """``rate_limit``: a bucket of ``burst`` requests, to which one is added each ``interval`` seconds."""

    interval: Annotated[float, BeforeValidator(_duration), Field(ge=0)] = 0.0
    burst: Annotated[int, Field(ge=0)] = 0


class WebConfig(_Part):
    """All of it."""

    tls_server_config: Annotated[TlsServer, BeforeValidator(_table)] = TlsServer()
    http_server_config: Annotated[HttpServer, BeforeValidator(_table)] = HttpServer()
    basic_auth_users: Annotated[
        dict[Annotated[str, AfterValidator(_user)], Annotated[SecretStr, AfterValidator(_hash)]],
        BeforeValidator(_table),
    ] = {}
    rate_limit: Annotated[RateLimit, BeforeValidator(_table)] = RateLimit()
