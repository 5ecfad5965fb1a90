"""One tree out of the three places: pydantic-settings lays them over each other, the strongest on top."""

from __future__ import annotations

from typing import Any

from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from o365_exporter.settings.layers import Layer

Tree = dict[str, Any]


def merge(layers: list[Layer]) -> Tree:
    """What is written, as tables in tables; ``layers`` come the weakest first."""

    class Written(BaseSettings):
        model_config = SettingsConfigDict(extra="allow")  # the document checks it, after inheritance

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: PydanticBaseSettingsSource, **__: PydanticBaseSettingsSource
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(InitSettingsSource(settings_cls, _tree(layer)) for layer in reversed(layers))

    return dict(Written().model_extra or {})


def _tree(layer: Layer) -> Tree:
    tree: Tree = {}
    for path in sorted(layer, key=len):
        *parents, name = path
        table = tree
        for parent in parents:
            table = table.setdefault(parent, {})
        value = layer[path].value
        table[name] = dict(value) if isinstance(value, dict) else value
    return tree
