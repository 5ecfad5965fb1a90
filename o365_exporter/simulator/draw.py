"""Chance that repeats: everything random in a tenant is drawn from its seed."""

from __future__ import annotations

import base64
import random
import uuid


class Draw(random.Random):
    """A seeded source of chance with Microsoft's kinds of identifiers; for likeness, never for secrecy."""

    def happens(self, share: float) -> bool:
        """True in this share of cases."""
        return self.random() < share

    def guid(self) -> str:
        """A version 4 GUID."""
        return str(uuid.UUID(int=self.getrandbits(128), version=4))

    def base64(self, size: int) -> str:
        """That many bytes in base64."""
        return base64.b64encode(self.randbytes(size)).decode()

    def secret(self) -> str:
        """A client secret in the form that Entra ID makes: 40 characters with ``8Q~`` in the fourth place."""
        alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_~."
        return "".join(self.choices(alphabet, k=3)) + "8Q~" + "".join(self.choices(alphabet, k=34))


def draw_for(*seed: object) -> Draw:
    """A source of its own for each thing that is generated, so that one change does not shift all others."""
    return Draw("/".join(map(str, seed)))
