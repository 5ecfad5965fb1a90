"""``python -m o365_exporter``."""

import signal
import sys

if __name__ == "__main__":
    # The imports take a second, and process 1 of a container is not stopped at all by a signal without a handler.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: sys.exit(128 + number if "once" in sys.argv else 0))

    from o365_exporter.cli import main

    main()
