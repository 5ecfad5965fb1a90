"""JSON arguments for Python methods: checked against the signature, faults told in sentences."""

from __future__ import annotations

import difflib
import inspect
import typing
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from o365_exporter.simulator.domains.base import SimulatorError

Model = TypeVar("Model", bound=BaseModel)


def arguments_of(method: Callable[..., Any]) -> type[BaseModel]:
    """A model with a field for each parameter of a method; other keys are refused."""
    hints = typing.get_type_hints(method)
    parameters = inspect.signature(method).parameters.values()
    fields: dict[str, Any] = {
        one.name: (hints[one.name], ... if one.default is one.empty else one.default)
        for one in parameters
        if one.name != "self"
    }
    return create_model(method.__name__, __config__=ConfigDict(extra="forbid"), **fields)


def check(model: type[Model], given: dict[str, Any]) -> Model:
    """The model filled with what was given.

    Raises:
        SimulatorError: with a sentence for each fault that names key, value and remedy.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        raise SimulatorError("; ".join(_sentence(model, dict(one)) for one in faults)) from None


def describe(model: type[BaseModel]) -> dict[str, str]:
    """What each key is, for people."""
    properties = model.model_json_schema()["properties"] if model.model_fields else {}
    return {name: _describe(name, model, schema) for name, schema in properties.items()}


def _describe(name: str, model: type[BaseModel], schema: dict[str, Any]) -> str:
    field = model.model_fields[name]
    need = "required" if field.is_required() else f"default {field.get_default(call_default_factory=True)!r}"
    kinds = schema.get("enum") or [one.get("type", one.get("enum")) for one in schema.get("anyOf", [schema])]
    text = f"{', '.join(map(str, kinds))}; {need}"
    return f"{text}. {field.description}" if field.description else text


def _sentence(model: type[BaseModel], fault: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in fault["loc"]) or "the whole"
    names = list(model.model_fields)
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, names, 1)
        remedy = f"did you mean {near[0]!r}? " if near else ""
        return f"unknown key {key!r}: {remedy}The keys are {', '.join(names) or 'none'}"
    if fault["type"] == "missing":
        return f"key {key!r} is missing: add it"
    shown = "…" if "secret" in key else repr(fault["input"])
    return f"key {key!r} cannot be {shown}: {fault['msg']}"
