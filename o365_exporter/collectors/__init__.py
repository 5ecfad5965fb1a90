"""One module, one collector: see CONTRIBUTING, "Add a collector". What does not fit into one file is a folder."""

from pathlib import Path


def names() -> list[str]:
    """Of every collector, which is that of its module, in alphabetical order; none is imported for that."""
    here = Path(__file__).parent
    return sorted(
        [*(file.stem for file in here.glob("[!_]*.py")), *(file.parent.name for file in here.glob("*/__init__.py"))]
    )
