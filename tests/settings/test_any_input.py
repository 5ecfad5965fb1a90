"""Whatever is written, the answer is settings or sentences."""

from __future__ import annotations

import string
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from o365_exporter.errors import ConfigurationError
from o365_exporter.settings import load, schema
from o365_exporter.settings.problems import toml
from tests.settings.desk import CLIENT

CANARY = "Canary~8Q~do-not-show"
SOME = {"*": "a", "": "x"}
NAMES = [tuple(SOME.get(part, part) for part in path) for path, _ in schema.walk()]
TABLES = [path[:length] for path in NAMES for length in range(1, len(path))]
PARTS = st.sampled_from(sorted({part for path in NAMES for part in path})) | st.text("abAB_-.ü ", max_size=4)

paths = st.sampled_from([*NAMES, *TABLES]) | st.lists(PARTS, min_size=1, max_size=6).map(tuple)
texts = st.sampled_from(
    [
        "true",
        "5m",
        "0",
        "-1",
        "1e999",
        "nan",
        "[",
        "[]",
        "{}",
        '["("]',
        '{"a": 1}',
        '{"a": {}}',
        "null",
        CLIENT,
        "a.com",
    ]
) | st.text(string.printable, max_size=12)
values = st.recursive(
    texts | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(PARTS, inner, max_size=2),
    max_leaves=4,
)


def _nested(flat: dict[tuple[str, ...], Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        table = tree
        for part in path[:-1]:
            below = table.get(part)
            table[part] = table = below if isinstance(below, dict) else {}
        table[path[-1]] = value
    return tree


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(paths, values, max_size=6), st.dictionaries(paths, texts, max_size=6))
def test_any_input_gives_settings_or_sentences(
    written: dict[tuple[str, ...], Any], variables: dict[tuple[str, ...], str]
) -> None:
    """No input makes the loader fail in another way, and a secret beside it is never shown."""
    secret = {"tenants": {"a": {"client_secret": CANARY}}}
    environ = {schema.variable(path): text for path, text in variables.items()}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "o365.toml")
        tree = _nested(written)
        lines = [f"{toml(name)} = {toml(value)}" for name, value in (tree if written else secret).items()]
        config.write_text("\n".join(lines), "utf-8")
        sentences = _outcome(config, {**environ, "O365_SECRETS_DIR": folder, "O365_DEFAULTS__CLIENT_SECRET": CANARY})
    assert all(sentence.endswith((".", "?", ")")) and "\n" not in sentence for sentence in sentences)
    assert CANARY not in " ".join(sentences)


def _outcome(config: Path, environ: dict[str, str]) -> list[str]:
    try:
        return [repr(load(config, environ))]
    except ConfigurationError as error:
        return error.faults
