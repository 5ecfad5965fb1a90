"""One file, one collector: see CONTRIBUTING, "Add a collector"."""

from pathlib import Path


def names() -> list[str]:
    """Of every collector, which is that of its module, in alphabetical order; none is imported for that."""
    return sorted(file.stem for file in Path(__file__).parent.glob("[!_]*.py"))
