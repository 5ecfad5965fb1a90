"""An issuer of tokens that is not Entra ID, such as a Kubernetes cluster, for workload identity federation."""

from __future__ import annotations

from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import rsa

from o365_exporter.clock import Clock
from o365_exporter.simulator.domains.credentials import TOKEN_EXCHANGE
from o365_exporter.simulator.jwt import Jwt, sign


class OtherIssuer:
    """Mints tokens for its workloads.

    Attributes:
        url: what it calls itself, the issuer of a federated credential.
    """

    url = "https://cluster.example/"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def mint(self, subject: str, audience: str = TOKEN_EXCHANGE, seconds: float = 3_600.0) -> str:
        """A token for a workload, such as ``system:serviceaccount:monitoring:o365-exporter``, good for so long."""
        now = int(self._clock.now())
        claims = {"iss": self.url, "sub": subject, "aud": [audience], "iat": now, "nbf": now, "exp": now + seconds}
        return sign(self._key, {"kid": "cluster"}, claims)

    def has_signed(self, jwt: Jwt) -> bool:
        """Whether a token is one of its own."""
        return jwt.claims["iss"] == self.url and jwt.is_signed_by(self._key.public_key())

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(65537, 2048)  # takes a moment, and most simulators never need it
