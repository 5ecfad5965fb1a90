"""Fuzz a parser with atheris, which looks for inputs that reach new code; see CONTRIBUTING.md."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["o365_exporter", "tomllib", "json", "csv", "email"]):
    from tests.fuzz.parsers import PARSERS, quiet, seeds


def main() -> int:
    """Feed one parser, or all in turns, until time is up; what is wrong with one is in the folder, as its input."""
    names = [name.replace(" ", "-") for name in PARSERS]
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*names, []], help="of parsers (all of them)")
    parser.add_argument("--seconds", type=int, default=60, help="for each (60)")
    parser.add_argument("--corpus", type=Path, default=Path(".fuzz"), help="where inputs are kept (.fuzz)")
    given = parser.parse_args()
    if len(given.names) == 1:
        feed(given.names[0], given.seconds, given.corpus)
    options = ["--seconds", str(given.seconds), "--corpus", str(given.corpus)]
    codes = [
        subprocess.run([sys.executable, "-m", "tests.fuzz", name, *options], check=False).returncode
        for name in given.names or names
    ]
    return max(codes)


def feed(name: str, seconds: int, corpus: Path) -> None:
    """Feed one parser; libFuzzer ends the process."""
    folder = corpus / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name.replace("-", " "))):
        (folder / f"seed-{number}").write_bytes(seed)
    quiet()
    print(f"== {name}", flush=True)
    options = ["-max_len=4096", "-rss_limit_mb=2048", "-timeout=20", "-print_final_stats=1", "-verbosity=0"]
    kept = [f"-max_total_time={seconds}", f"-artifact_prefix={corpus}/{name}-", str(folder)]
    atheris.Setup([sys.argv[0], *options, *kept], PARSERS[name.replace("-", " ")].read)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
