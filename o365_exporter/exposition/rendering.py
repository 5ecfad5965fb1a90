"""Samples as finished lines, which the text format 0.0.4 and OpenMetrics 1.0 share byte for byte.

Labels stand in the order of their names and numbers look as Go writes them, so that our text is what
prometheus_client writes for the same families.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice

from o365_exporter.errors import InternalError
from o365_exporter.metrics import Metric, Sample
from o365_exporter.store import Rendered

_NOT_FINITE = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}


def render(samples: Iterable[Sample], tenant: str) -> Rendered:
    """The samples of one poll as lines by metric name; the samples are not needed afterwards.

    Half a surrogate pair in a label becomes ``?``: text that is not UTF-8 would cost Prometheus the whole page.

    Raises:
        InternalError: two samples have the same labels, which would cost Prometheus the whole page.
        ValueError: a metric that does not belong to tenants, a histogram, or not one value for each label.
    """
    families: dict[Metric, list[Sample]] = {}
    for sample in samples:
        families.setdefault(sample.metric, []).append(sample)
    rendered = {metric.name: _lines(metric, found, _unicode(tenant)) for metric, found in families.items()}
    if len(rendered) < len(families):
        raise ValueError(f"two metrics have one name among {', '.join(sorted(metric.name for metric in families))}")
    return rendered


def render_up_to(limit: int, samples: Iterable[Sample], tenant: str) -> tuple[Rendered, int]:
    """The first ``limit`` samples as ``render`` writes them, and how many were cut."""
    remaining = iter(samples)
    rendered = render(islice(remaining, limit), tenant)
    return rendered, sum(1 for _ in remaining)


def _lines(metric: Metric, samples: list[Sample], tenant: str) -> bytes:
    if any(len(sample.labels) != len(metric.labels) for sample in samples):
        raise ValueError(f"{metric.name}: a sample has not one value for each of the labels {metric.labels}")
    write = _template(metric, tenant).format
    lines = {write(*map(_escape, labels)): _number(value) for _, labels, value in samples}
    if len(lines) < len(samples):
        series, _ = Counter(write(*map(_escape, sample.labels)) for sample in samples).most_common(1)[0]
        raise InternalError(f"The series {series} would be served twice.")
    try:
        return "".join([f"{series} {value}\n" for series, value in lines.items()]).encode()
    except UnicodeEncodeError:
        return _lines(metric, [Sample(metric, tuple(map(_unicode, old)), value) for _, old, value in samples], tenant)


def _template(metric: Metric, tenant: str) -> str:
    """The series with a numbered place for each label, such as ``o365_x{{kind="{0}",tenant="contoso"}}``."""
    if metric.type not in ("gauge", "counter") or not metric.per_tenant:
        raise ValueError(f"{metric.name}: only gauges and counters of a tenant are rendered with a poll")
    values = {name: f"{{{index}}}" for index, name in enumerate(metric.labels)}
    values["tenant"] = _escape(tenant).replace("{", "{{").replace("}", "}}")
    pairs = ",".join(f'{name}="{values[name]}"' for name in sorted(values))
    return f"{metric.name}{{{{{pairs}}}}}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _unicode(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON may hold and UTF-8 may not."""
    return text.encode("utf-8", "replace").decode()


def _number(value: float) -> str:
    """The spelling of Go's client library, which all others follow: ``1e+07``, where Python writes ``10000000.0``.

    Below zero Python's spelling stays, as in prometheus_client.
    """
    text = repr(float(value))
    exponent = text.find(".") - 1
    if value > 0 and exponent > 5:  # noqa: PLR2004 - six digits before the point are the most without an exponent
        digits = text.replace(".", "").rstrip("0")
        return f"{digits[0]}.{digits[1:]}e+{exponent:02d}".replace(".e", "e")
    return _NOT_FINITE.get(text, text)
