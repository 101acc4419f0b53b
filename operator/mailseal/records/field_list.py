"""The `v=X; name=value` records of RFC 8461 section 3.1 and RFC 8460 section 3, which share one grammar.

Unlike a tag list there is no white space around `=`, names may hold `-` and `.`, and at least one field
must follow the version.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from mailseal.records.errors import InvalidRecord, RecordSyntaxError
from mailseal.records.taglist import Tag

_EXTENSION_VALUE = re.compile(r"[!-:<>-~]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_FIELD = re.compile(rf"(?P<name>{_NAME.pattern})=(?P<value>.*)", re.DOTALL)


def parse_fields(text: str, version: str) -> tuple[Tag, ...]:
    """The fields after `v=<version>`. Raises `RecordSyntaxError`, also for a field that stands twice."""
    parts = text.split(";")
    if parts[0].rstrip(" \t") != f"v={version}":
        raise RecordSyntaxError(f"the record must start with v={version};", tag="v", position=0)
    if len(parts) > 1 and not parts[-1].strip(" \t"):
        parts.pop()
    fields: dict[str, Tag] = {}
    start = len(parts[0]) + 1
    for part in parts[1:]:
        field = _field(part, start)
        if field.name == "v" or field.name in fields:
            raise RecordSyntaxError("the field stands twice", tag=field.name, position=field.position)
        fields[field.name] = field
        start += len(part) + 1
    return tuple(fields.values())


def _field(part: str, start: int) -> Tag:
    position = start + len(part) - len(part.lstrip(" \t"))
    found = _FIELD.fullmatch(part.strip(" \t"))
    if found is None:
        raise RecordSyntaxError("this is not name=value", tag=part.strip(" \t") or ";", position=position)
    return Tag(found["name"], found["value"], position, position + found.start("value"))


def extensions_of(fields: Collection[Tag]) -> tuple[tuple[str, str], ...]:
    """The fields that the RFC does not define. Raises `RecordSyntaxError` for a value that none may have."""
    for field in fields:
        if _EXTENSION_VALUE.fullmatch(field.value) is None:
            raise field.error("the value is empty or has a character that is not allowed")
    return tuple((field.name, field.value) for field in fields)


def check_extensions(extensions: Sequence[tuple[str, str]], known: Collection[str]) -> None:
    """Raise `InvalidRecord` unless a record can hold all of `extensions` beside the `known` fields."""
    names = [name for name, _ in extensions]
    if len(set(names)) != len(names) or not set(names).isdisjoint(known):
        raise InvalidRecord(f"the extensions {', '.join(names)} repeat a field")
    for name, value in extensions:
        if _NAME.fullmatch(name) is None or _EXTENSION_VALUE.fullmatch(value) is None:
            raise InvalidRecord(f"{name}={value} is not a field that a record can hold")
