"""Where a command listens, as its option says."""

from __future__ import annotations

from o365_exporter.errors import ConfigurationError
from o365_exporter.texts import without_login
from o365_exporter.web import split_listen


def address(listen: str) -> tuple[str, int]:
    """Host and port of the option ``--listen``.

    Raises:
        ConfigurationError: it is not an address.
    """
    try:
        return split_listen(listen)
    except ValueError as error:
        raise ConfigurationError([f"--listen {without_login(listen)!r} {error}."]) from None
