"""Who is in the reports: names by number, so that any row can be made without the others."""

from __future__ import annotations

import unicodedata
from hashlib import blake2b

_FIRST = (
    *("Adele", "Alex", "Amélie", "Bianca", "Björn", "Chloé", "Diego", "Emily", "Farid", "Grady", "Henrietta", "Isaiah"),
    *("Johanna", "Kalina", "Lidia", "Lynne", "Megan", "Miriam", "Nestor", "Patti", "Pradeep", "Sébastien", "Zoë"),
)
_LAST = (
    *("Ångström", "Bowen", "Cameron", "Dvořák", "Echeverría", "Gupta", "Holt", "Ibsen", "Johnson", "Kovács", "Larsen"),
    *("Müller", "Núñez", "Okafor", "Pereira", "Rowe", "Scherer", "Thomas", "Ueda", "Vance", "Wilber", "Yılmaz"),
)


class People:
    """Everybody of a tenant, by number from 0.

    Args:
        seed: equal seeds give equal people.
        domain: of their user principal names.
        concealed: names are hashes of 32 hexadecimal digits, as Microsoft shows them where the tenant hides names.
    """

    def __init__(self, seed: str, domain: str, *, concealed: bool) -> None:
        self._seed = seed
        self._domain = domain
        self._concealed = concealed
        self._first = [_ascii(name) for name in _FIRST]
        self._last = [_ascii(name) for name in _LAST]

    def principal_name(self, number: int) -> str:
        """The cell ``User Principal Name``."""
        if self._concealed:
            return self._hash("upn", number).upper()
        first = self._first[number % len(_FIRST)]
        return f"{first}.{self._last[number // len(_FIRST) % len(_LAST)]}{number}@{self._domain}"

    def display_name(self, number: int) -> str:
        """The cell ``Display Name``, in quotes where it needs them."""
        if self._concealed:
            return self._hash("name", number).upper()
        first, last = _FIRST[number % len(_FIRST)], _LAST[number // len(_FIRST) % len(_LAST)]
        match number % 50:
            case 7:
                return f'"{last}, {first}"'
            case 19:
                return f'"{first} ""{first[:2]}"" {last}"'
            case 31:
                return f'"{first}\n{last}"'
        return f"{first} {last}"

    def user_id(self, number: int) -> str:
        """The cell ``User Id``: a GUID."""
        digits = self._hash("id", number)
        if self._concealed:
            return digits.upper()
        parts = (digits[:8], digits[8:12], f"4{digits[13:16]}", f"a{digits[17:20]}", digits[20:])
        return "-".join(parts)

    def _hash(self, kind: str, number: int) -> str:
        return blake2b(f"{self._seed}/{kind}/{number}".encode(), digest_size=16).hexdigest()


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ı", "i"))
    return plain.encode("ascii", "ignore").decode().lower()
