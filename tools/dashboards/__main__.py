"""Make grafana/dashboards/*.json.

python -m tools.dashboards          writes what is stale
python -m tools.dashboards --check  writes nothing, and exits with 1 where something is stale
"""

from __future__ import annotations

import argparse
import sys

from tools.dashboards import files
from tools.dashboards.catalogue import ROOT


def main() -> int:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(prog="python -m tools.dashboards", description="Make the dashboards.")
    parser.add_argument("--check", action="store_true", help="write nothing, exit with 1 where a file is stale")
    check = parser.parse_args().check
    wrong = files.stale()
    for name, text in wrong.items():
        if check:
            print(f"{name} is stale: run make docs", file=sys.stderr)
        else:
            (ROOT / name).write_text(text, "utf-8")
            print(f"wrote {name}")
    for name in files.superfluous():
        print(f"{name} is made by nothing: delete it", file=sys.stderr)
    return 1 if files.superfluous() or (check and wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
