"""One module, one collector: see CONTRIBUTING, "Add a collector". What does not fit into one file is a folder."""

from pkgutil import iter_modules


def names() -> list[str]:
    """Of every collector, which is that of its module, in alphabetical order; none is imported for that."""
    return sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
