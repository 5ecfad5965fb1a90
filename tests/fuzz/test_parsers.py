"""No parser of foreign input fails in a way of its own; `make fuzz` feeds them for longer."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.parsers import PARSERS, seeds

READING = {
    "b64decode",
    "decompressobj",
    "fromisoformat",
    "ip_address",
    "ip_network",
    "load_der_x509_certificate",
    "load_key_and_certificates",
    "load_pem_private_key",
    "load_pem_x509_certificates",
    "loads",
    "parsedate_to_datetime",
    "raw_decode",
    "reader",
    "strptime",
    "unquote",
    "urlsplit",
}
"""Functions of libraries that make values of text or bytes."""

ELSEWHERE = {
    "commands/demo.py": "its own address",
    "cli/backfill.py": "a time that somebody types",
    "http/way.py": "addresses that the settings have checked",
}
"""Modules that call one of them for what is not foreign, or is read by way of another."""


@st.composite
def mutated(draw: st.DrawFn, name: str) -> bytes:
    """A seed with a part replaced, taken away or repeated, or any bytes at all."""
    data = draw(st.sampled_from(seeds(name)))
    at = draw(st.integers(0, min(len(data), 400)))
    length = draw(st.integers(0, 8))
    fill = draw(
        st.binary(max_size=8)
        | st.text(max_size=6).map(lambda text: text.encode("utf-8", "replace"))
        | st.sampled_from([b'"', b"\n", b"\r", b"[]", b"{}", b"null", b"-1", b"1e999", b"NaN", b"\xc3", b"=", b","])
    )
    return data[:at] + fill * draw(st.integers(0, 3)) + data[at + length :]


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_whatever_comes_in_is_read_or_refused_with_a_sentence(name: str, data: st.DataObject) -> None:
    """Each parser takes any bytes, and finds what a plain way finds where there is one."""
    PARSERS[name].read(data.draw(mutated(name)))


@pytest.mark.parametrize("name", PARSERS)
def test_what_has_been_poison_is_none(name: str) -> None:
    """Nothing, NUL, brackets and digits without end, and bytes that are no text."""
    for seed in seeds(name):
        PARSERS[name].read(seed)


def test_every_module_that_reads_is_read_here(root: Path) -> None:
    """A module that makes values of text by a library's function stands with a parser of the list."""
    package = root / "o365_exporter"
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "simulator" not in path.parts and READING & _named(path)
    }
    listed = {module for parser in PARSERS.values() for module in parser.modules}
    assert found - listed - ELSEWHERE.keys() == set()
    assert all((package / module).is_file() for module in listed | ELSEWHERE.keys())


def _named(path: Path) -> set[str]:
    """The functions of others that a module uses."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return attributes | {node.id for node in nodes if isinstance(node, ast.Name)}
