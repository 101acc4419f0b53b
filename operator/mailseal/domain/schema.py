"""The structural schemas that the API server takes, out of the JSON schemas that pydantic makes.

Structural: no `$ref`, no `title`, no null, one type per node (Kubernetes documentation, "Extend the
Kubernetes API with CustomResourceDefinitions", section "Specifying a structural schema").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel

Schema: TypeAlias = dict[str, Any]

_DROPPED = frozenset({"title", "additionalProperties", "$defs", "properties", "items", "default"})
_FIRST = ("description", "type", "format", "default", "enum")
_LAST = ("additionalProperties", "items", "properties")
_EMPTY: tuple[object, ...] = (None, {}, [], "")


def structural_schema(model: type[BaseModel]) -> Schema:
    """The structural schema of a model, with camelCase names and every definition in its place."""
    raw = model.model_json_schema(by_alias=True)
    return _structural(raw, raw.get("$defs", {}))


def _structural(node: Mapping[str, Any], definitions: Mapping[str, Schema]) -> Schema:
    node = _resolved(node, definitions)
    result = {key: value for key, value in node.items() if key not in _DROPPED}
    if "const" in result:
        result["enum"] = [result.pop("const")]
    if (default := _without_empty(node.get("default"))) not in _EMPTY:
        result["default"] = default
    if "items" in node:
        result["items"] = _structural(node["items"], definitions)
    if properties := node.get("properties"):
        result["properties"] = {name: _structural(part, definitions) for name, part in properties.items()}
    if isinstance(values := node.get("additionalProperties"), Mapping):
        result["additionalProperties"] = _structural(values, definitions)
    return dict(sorted(result.items(), key=_place))


def _place(entry: tuple[str, Any]) -> tuple[int, str]:
    """Sorts what people read first to the front and what is long to the end."""
    key = entry[0]
    return (_FIRST.index(key) - len(_FIRST) if key in _FIRST else int(key in _LAST), key)


def _resolved(node: Mapping[str, Any], definitions: Mapping[str, Schema]) -> Schema:
    """The node with its reference or its one alternative to null put in; its own keywords win."""
    own = dict(node)
    if "$ref" in own:
        target = definitions[own.pop("$ref").rpartition("/")[2]]
        return _resolved({**target, **own}, definitions)
    if "anyOf" in own:
        (alternative,) = (option for option in own.pop("anyOf") if option.get("type") != "null")
        return _resolved({**alternative, **own}, definitions)
    return own


def _without_empty(value: Any) -> Any:
    """A default without what is the same when left out."""
    if isinstance(value, Mapping):
        parts = {key: _without_empty(part) for key, part in value.items()}
        return {key: part for key, part in parts.items() if part not in _EMPTY}
    if isinstance(value, list):
        return [_without_empty(part) for part in value]
    return value
