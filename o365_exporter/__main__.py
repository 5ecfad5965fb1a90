"""``python -m o365_exporter``."""

import signal
import sys

if __name__ == "__main__":
    # As process 1 of a container a program without a handler is not stopped at all, and the imports take a second.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    from o365_exporter.cli import main

    main()
