"""YAML as texts, lists and tables: whatever is worse than that is refused."""

from __future__ import annotations

import re
from typing import Any

import yaml

from o365_exporter.texts import UnusableError, text_of

_HALF = re.compile("[\ud800-\udfff]")
"""What escapes in quotes can make, and no text has."""

_DEEPEST = 32
"""Tables and lists within each other; the format has four."""

_LARGEST = 1024 * 1024
"""Bytes of the file; that is ten thousand users."""


class _Loader(yaml.BaseLoader):
    """Texts, lists and tables, of which none may have a key twice: what a text means is its model's affair."""

    _depth = 0

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for name, _ in node.value:
            if not isinstance(name, yaml.ScalarNode):
                raise UnusableError(f"has a key that is no text in line {name.start_mark.line + 1}", "write a name")
            if name.value in seen:
                raise UnusableError(
                    f"has a key twice, the second in line {name.start_mark.line + 1}", "remove one of them"
                )
            seen.add(name.value)
        return super().construct_mapping(node, deep)

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):  # a few lines of them unfold to any size
            line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call] # the stubs lack it
            raise UnusableError(f"has an alias in line {line}", "write out what it stands for")
        self._depth += 1
        if self._depth > _DEEPEST:  # each further bracket costs more than the one before
            raise UnusableError("is nested too deeply", "name the right file")
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.ScalarNode) and _HALF.search(node.value):
            raise UnusableError(f"has half a character in line {node.start_mark.line + 1}", "write the whole one")
        self._depth -= 1
        return node


def document_of(content: bytes) -> Any:
    """What the bytes of a file say, a table.

    Raises:
        UnusableError: they are not YAML, or no table.
    """
    if len(content) > _LARGEST:
        raise UnusableError(f"is larger than {_LARGEST // 1024**2} MiB", "name the right file")
    text = text_of(content)
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a BaseLoader makes texts, lists and tables alone
    except yaml.MarkedYAMLError as error:
        where = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        raise UnusableError(f"is not YAML{where}", "mend it; promtool check web-config says more") from None
    except yaml.YAMLError:
        raise UnusableError("is not YAML", "mend it; promtool check web-config says more") from None
    except RecursionError:
        raise UnusableError("is nested too deeply", "name the right file") from None
    if document in (None, ""):
        return {}
    if not isinstance(document, dict):
        raise UnusableError("is no table", "begin it with tls_server_config: or basic_auth_users:")
    return document
