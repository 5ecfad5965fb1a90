"""The process-wide series."""

from __future__ import annotations

import platform
from typing import Any

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from o365_exporter.selfmetrics import METRICS, SelfMetrics


def observed() -> SelfMetrics:
    """Two requests to one API."""
    selfmetrics = SelfMetrics("1.2.3")
    selfmetrics.keeps_state()
    selfmetrics.observe("/subscribedSkus", 0.2)
    selfmetrics.observe("/subscribedSkus", 40)
    return selfmetrics


def families(selfmetrics: SelfMetrics) -> dict[str, Any]:
    """The families in OpenMetrics by name."""
    text = selfmetrics.render(openmetrics=True).decode() + "# EOF\n"
    return {family.name: family for family in parse_openmetrics(text)}  # type: ignore[no-untyped-call]


def test_every_family_is_declared() -> None:
    """``METRICS`` says of each family that is served: name, type, help and labels, so that docs and checks can."""
    served = {
        (family.name, family.type, family.documentation, frozenset(family.samples[0].labels) - {"le"})
        for family in families(observed()).values()
    }
    declared = {
        (metric.name.removesuffix("_total"), metric.type, metric.help, frozenset(metric.labels)) for metric in METRICS
    }
    assert served == declared
    assert not any(metric.per_tenant for metric in METRICS)


def test_build_info() -> None:
    """The versions are labels of a series that is always 1."""
    python = platform.python_version()
    wanted = f'o365_exporter_build_info{{python_version="{python}",version="1.2.3"}} 1.0\n'
    assert wanted.encode() in observed().render(openmetrics=False)
    assert wanted.encode() in observed().render(openmetrics=True)


def test_requests_fall_into_buckets() -> None:
    """Each request is counted in every bucket that it fits into, up to half a minute and beyond."""
    samples = families(observed())["o365_exporter_graph_request_duration_seconds"].samples
    assert [(sample.labels["le"], sample.value) for sample in samples if "le" in sample.labels] == [
        ("0.05", 0),
        ("0.1", 0),
        ("0.25", 1),
        ("0.5", 1),
        ("1.0", 1),
        ("2.5", 1),
        ("5.0", 1),
        ("10.0", 1),
        ("30.0", 1),
        ("+Inf", 2),
    ]
    assert [sample.value for sample in samples if "le" not in sample.labels] == [2, 40.2]


def test_no_creation_times() -> None:
    """No format has ``_created`` series, nor an end of its own: the page goes on after these families."""
    for openmetrics in (False, True):
        text = observed().render(openmetrics=openmetrics)
        assert b"_created" not in text
        assert b"# EOF" not in text


def test_both_formats_parse_and_agree() -> None:
    """The text format has the same series."""
    selfmetrics = observed()
    text = selfmetrics.render(openmetrics=False).decode()
    in_text = {sample.name for family in parse_text(text) for sample in family.samples}
    assert in_text == {sample.name for family in families(selfmetrics).values() for sample in family.samples}


def test_two_exporters_in_one_process_share_nothing() -> None:
    """Each has its own registry."""
    observed()
    assert not families(SelfMetrics("1.2.3"))["o365_exporter_graph_request_duration_seconds"].samples
