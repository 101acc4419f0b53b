"""YAML documents as plain JSON values. Errors never quote the text, since it may hold a Secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import yaml

_QUOTED = re.compile(r"'(?!<)[^']{2,}'")
"""What PyYAML quotes in its messages, besides single characters and its own `'<token>'` names."""


class UnreadableYaml(ValueError):
    """The text is not YAML that stands for JSON values. The message says where and why."""


class _StrictLoader(yaml.SafeLoader):
    """YAML in which a mapping has every key once: of two, one would be lost without a word."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """The mapping as PyYAML reads it, refused when it repeats a key."""
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem="a key stands twice in a mapping", problem_mark=key.start_mark
                )
            seen.add(str(key.value))
        return node


def documents(text: str) -> Iterator[Any]:
    """The documents of `text` as JSON values, empty ones as None. Raises `UnreadableYaml`."""
    try:
        for document in yaml.load_all(text, Loader=_StrictLoader):
            yield json.loads(json.dumps(document, default=_iso_date, allow_nan=False))
    except yaml.MarkedYAMLError as error:
        raise UnreadableYaml(_described(error)) from None
    except yaml.YAMLError:
        raise UnreadableYaml("it holds a character that YAML does not allow") from None
    except RecursionError:
        raise UnreadableYaml("it is nested too deeply") from None
    except (TypeError, ValueError):
        raise UnreadableYaml("a value is not valid for its type, or has none in JSON") from None


def _described(error: yaml.MarkedYAMLError) -> str:
    problem = _QUOTED.sub("'...'", error.problem or "it is not YAML")
    mark = error.problem_mark or error.context_mark
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else problem


def _iso_date(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError
