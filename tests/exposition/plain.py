"""Samples written as lines one by one: what the fast way must equal, errors included."""

from __future__ import annotations

from collections.abc import Iterable

from o365_exporter.errors import InternalError
from o365_exporter.metrics import Metric, Sample


def rendered(samples: Iterable[Sample], tenant: str) -> dict[str, bytes]:
    """The lines by metric name.

    Raises:
        InternalError: a series comes twice.
        ValueError: a sample has not one value for each label.
    """
    lines: dict[Metric, dict[str, str]] = {}
    for sample in samples:
        if len(sample.labels) != len(sample.metric.labels):
            raise ValueError
        family = lines.setdefault(sample.metric, {})
        series = _series(sample, tenant)
        if series in family:
            raise InternalError(series)
        family[series] = _number(float(sample.value))
    return {
        metric.name: "".join(f"{series} {value}\n" for series, value in family.items()).encode()
        for metric, family in lines.items()
    }


def _series(sample: Sample, tenant: str) -> str:
    labels = {**dict(zip(sample.metric.labels, sample.labels, strict=True)), "tenant": tenant}
    pairs = ",".join(f'{name}="{_label(labels[name])}"' for name in sorted(labels))
    return f"{sample.metric.name}{{{pairs}}}"


def _label(value: str) -> str:
    text = value.encode("utf-8", "replace").decode()
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    text = repr(value)
    point = text.find(".")
    if value > 0 and point > 6:
        digits = text.replace(".", "").rstrip("0")
        return f"{digits[0]}.{digits[1:]}e+{point - 1:02d}".replace(".e", "e")
    return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(text, text)
