"""Passwords against bcrypt hashes: in a thread of their own, one at a time, and what was right stays known.

A right password is remembered apart from wrong ones, so that nobody who guesses can push it out. What is remembered is
a digest under a key of this process. A user who is not known costs as much time as one who is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections import Counter, OrderedDict
from collections.abc import Mapping

import anyio.to_thread
import bcrypt
from anyio import CapacityLimiter, Lock

_MOST_KEPT = 1000
"""Of right and of wrong passwords; 32 bytes each."""

_MOST_WAITING = 32
_MOST_WAITING_EACH = 4
"""Checks that wait for their turn, altogether and of one address; each takes 60 ms at bcrypt's usual cost of 10."""

_LONGEST = 72
"""Bytes that bcrypt looks at; others ignore the rest, as does htpasswd."""


class BusyError(Exception):
    """Too many passwords wait to be checked."""


class Passwords:
    """Those of one web configuration file.

    Args:
        users: bcrypt hash by user.
    """

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = {user.encode(): hashed.encode() for user, hashed in users.items()}
        self._key = secrets.token_bytes(32)
        self._right, self._wrong = _Kept(), _Kept()
        self._turn, self._thread = Lock(), CapacityLimiter(1)  # one at a time, as in the toolkit: it takes a whole core
        self._waiting: Counter[str] = Counter()

    async def check(self, authorization: str, address: str) -> bool:
        """Whether a header ``Authorization`` names a user and the password.

        Args:
            authorization: the header's value.
            address: of the client.

        Raises:
            BusyError: it cannot be said soon.
        """
        pair = _pair(authorization)
        if pair is None:
            return False
        user, password = pair
        known = self._users.get(user)
        hashed = known if known is not None else next(iter(self._users.values()))
        digest = self._digest(user, hashed, password)
        if digest in self._right:
            return True
        if digest in self._wrong:
            return False
        right = await self._compare(digest, password, hashed, address) and known is not None
        (self._right if right else self._wrong).add(digest)
        return right

    async def _compare(self, digest: bytes, password: bytes, hashed: bytes, address: str) -> bool:
        if self._waiting.total() >= _MOST_WAITING or self._waiting[address] >= _MOST_WAITING_EACH:
            raise BusyError
        self._waiting[address] += 1
        try:
            async with self._turn:
                if digest in self._right or digest in self._wrong:  # another request has asked in the meantime
                    return digest in self._right
                return await anyio.to_thread.run_sync(_matches, password, hashed, limiter=self._thread)
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]

    def _digest(self, *parts: bytes) -> bytes:
        whole = b"".join(len(part).to_bytes(8, "little") + part for part in parts)
        return hashlib.blake2b(whole, key=self._key, digest_size=32).digest()


class _Kept:
    """The digests used last."""

    def __init__(self) -> None:
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, digest: bytes) -> bool:
        if digest not in self._digests:
            return False
        self._digests.move_to_end(digest)
        return True

    def add(self, digest: bytes) -> None:
        """Keep one, and drop the one that was not asked for for the longest time."""
        self._digests[digest] = None
        if len(self._digests) > _MOST_KEPT:
            self._digests.popitem(last=False)


def _matches(password: bytes, hashed: bytes) -> bool:
    try:
        return bcrypt.checkpw(password[:_LONGEST], hashed)
    except ValueError:  # such as a NUL, which no password of bcrypt has
        return False


def _pair(authorization: str) -> tuple[bytes, bytes] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if colon else None
