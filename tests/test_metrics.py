"""What a metric is, and which samples it refuses."""

from __future__ import annotations

import pytest

from o365_exporter.metrics import Metric, Sample

UNITS = Metric("o365_units", "Units.", ("sku", "state"), values={"state": ("enabled", "warning")})


def test_a_sample_has_the_labels_in_the_metrics_order() -> None:
    """Labels are given by name and stand in the order of the declaration."""
    assert UNITS.at(3, state="enabled", sku="E5") == Sample(UNITS, ("E5", "enabled"), 3)


@pytest.mark.parametrize("labels", [{}, {"sku": "E5"}, {"sku": "E5", "state": "enabled", "tenant": "contoso"}])
def test_other_labels_are_a_fault_of_ours(labels: dict[str, str]) -> None:
    """A label that is missing or too much is refused before it reaches a page."""
    with pytest.raises(ValueError, match=r"o365_units has the labels \('sku', 'state'\), not"):
        UNITS.at(1, **labels)


def test_a_closed_list_is_closed() -> None:
    """A value outside the list is refused, and named."""
    with pytest.raises(ValueError, match="o365_units: state='gone' is outside its closed list"):
        UNITS.at(1, sku="E5", state="gone")


def test_the_tenant_comes_first() -> None:
    """Every series of a tenant carries its name; those of the process carry none."""
    assert UNITS.all_labels == ("tenant", "sku", "state")
    assert Metric("process_x", "X.", ("api",), per_tenant=False).all_labels == ("api",)
