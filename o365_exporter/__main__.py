"""``python -m o365_exporter``."""

from o365_exporter.cli import main

if __name__ == "__main__":
    main()
