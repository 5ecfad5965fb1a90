"""``python -m o365_exporter``."""

import signal
import sys

_PARTIAL = {"once", "check", "backfill"}
"""Commands that are not done when they are stopped."""


def _exit_code(number: int) -> int:
    """Of a program that a signal stops while it begins; a check is UNKNOWN then, and never OK."""
    if "probe" in sys.argv:
        return 3
    return 128 + number if _PARTIAL.intersection(sys.argv) else 0


if __name__ == "__main__":
    # The imports take a second, and process 1 of a container is not stopped at all by a signal without a handler.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: sys.exit(_exit_code(number)))

    from o365_exporter.cli import main

    main()
