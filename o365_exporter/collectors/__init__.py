"""One file, one collector: see CONTRIBUTING, "Add a collector"."""
