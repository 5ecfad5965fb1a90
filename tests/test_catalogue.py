"""The one list of collectors and metrics."""

from __future__ import annotations

from pathlib import Path

import pytest

from o365_exporter import catalogue
from o365_exporter.catalogue import all_collectors, all_metrics
from o365_exporter.metrics import Metric


def test_every_module_in_collectors_is_a_collector(root: Path) -> None:
    """A file or folder there is all it takes; its name is the collector's."""
    found = {path.stem for path in (root / "o365_exporter" / "collectors").glob("[!_]*")}
    assert list(all_collectors()) == sorted(found)


def test_sources_of_a_collector_have_names_of_their_own() -> None:
    """A source is told apart by tenant, collector and its own name, and follows one that there is."""
    for collector in all_collectors().values():
        sources = collector.sources(collector.options())
        names = [source.name for source in sources]
        assert len(set(names)) == len(names)
        assert {source.follows for source in sources} <= {"", *names}


def test_every_metric_of_a_collector_is_a_sources() -> None:
    """What is lost without a source is told by the source: nothing of the collector is left over, nor foreign to it."""
    for collector in all_collectors().values():
        sources = collector.sources(collector.options())
        assert {metric.name for source in sources for metric in source.metrics} == {
            metric.name for metric in collector.metrics
        }


def test_no_source_outlives_its_interval() -> None:
    """A poll that may take longer than its interval would always be late."""
    for collector in all_collectors().values():
        for source in collector.sources(collector.options()):
            assert source.deadline < source.interval <= source.stale_after


def test_default_intervals() -> None:
    """Health each minute, open issues each five, credentials and subscriptions hourly, reports four times a day.

    Nothing else is asked as often as health.
    """
    intervals = {
        (collector.name, source.name): source.interval
        for collector in all_collectors().values()
        for source in collector.sources(collector.options())
    }
    contract = {
        ("credential_expiry", "applications"): 3600,
        ("exchange_usage", "email_activity"): 21600,
        ("exchange_usage", "mailbox_quota"): 21600,
        ("exchange_usage", "mailbox_usage"): 21600,
        ("report_settings", "settings"): 21600,
        ("service_health", "issues"): 300,
        ("service_health", "overviews"): 60,
        ("skype_usage", "devices_usage"): 21600,
        ("skype_usage", "users_activity"): 21600,
        ("subscriptions", "skus"): 3600,
        ("subscriptions", "subscriptions"): 3600,
        ("teams_usage", "devices_usage"): 21600,
        ("teams_usage", "users_activity"): 21600,
    }
    assert contract.items() <= intervals.items()
    assert min(intervals[key] for key in intervals.keys() - contract.keys() | {("subscriptions", "skus")}) >= 900


def test_a_metric_declared_twice_is_refused() -> None:
    """Two families of one name would be one page that Prometheus refuses."""
    one, other = Metric("o365_x", "X."), Metric("o365_x", "Y.")
    with pytest.raises(ValueError, match="the metric o365_x is declared twice"):
        catalogue._by_name([one, other])
    assert catalogue._by_name([one, one]) == {"o365_x": one}


@pytest.mark.parametrize("name", all_metrics())
def test_names_follow_prometheus(name: str) -> None:
    """Counters end in _total and nothing else does; no name ends in what Prometheus adds itself."""
    metric = all_metrics()[name]
    assert name.endswith("_total") == (metric.type == "counter")
    assert not name.endswith(("_count", "_sum", "_bucket", "_created"))
    assert len(set(metric.all_labels)) == len(metric.all_labels)
    assert set(metric.values) <= set(metric.labels)
    assert not {"le", "quantile", "job", "instance"} & set(metric.all_labels)
