"""Tag lists: the `tag=value; tag=value` syntax that DKIM and DMARC records share (RFC 6376 section 3.2)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mailseal.records.errors import InvalidRecord, RecordSyntaxError

_FWS = r"(?:(?:[ \t]*\r\n)?[ \t]+)?"
_TAG = re.compile(rf"{_FWS}(?P<name>[A-Za-z][A-Za-z0-9_]*){_FWS}={_FWS}(?P<value>[^;]*)")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PRINTABLE = re.compile(r"(?:[!-:<-~]+(?: [!-:<-~]+)*)?")
_BAD_BREAK = re.compile(r"\r(?!\n[ \t])|(?<!\r)\n")
_SPACE = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Tag:
    """One `name=value`. The name is case-sensitive; the value has no white space around it.

    `position` is the offset of the name in the text, `value_position` that of the value.
    """

    name: str
    value: str
    position: int = 0
    value_position: int = 0

    def error(self, problem: str, offset: int = 0) -> RecordSyntaxError:
        """The error to raise for this tag's value, `offset` characters into it."""
        return RecordSyntaxError(problem, tag=self.name, position=self.value_position + offset)


def parse_tag_list(text: str) -> tuple[Tag, ...]:
    """The tags of `text` in order. Raises `RecordSyntaxError`, also for a tag that stands twice.

    A final `;` may be there, and blanks after it, which records in the wild have.
    """
    tags: dict[str, Tag] = {}
    for tag in _tags(text):
        if tag.name in tags:
            raise RecordSyntaxError("the tag stands twice", tag=tag.name, position=tag.position)
        tags[tag.name] = tag
    return tuple(tags.values())


def _tags(text: str) -> Iterator[Tag]:
    start = 0
    parts = text.split(";")
    if len(parts) > 1 and not parts[-1].strip(_SPACE):
        parts.pop()
    for part in parts:
        found = _TAG.fullmatch(part)
        if found is None:
            word = part.strip(_SPACE)
            problem = "this is not tag=value" if word else "there is no tag here"
            raise RecordSyntaxError(
                problem, tag=word or ";", position=start + len(part) - len(part.lstrip(_SPACE))
            )
        tag = Tag(
            found["name"],
            found["value"].rstrip(_SPACE),
            start + found.start("name"),
            start + found.start("value"),
        )
        _check_characters(tag)
        yield tag
        start += len(part) + 1


def _check_characters(tag: Tag) -> None:
    for offset, character in enumerate(tag.value):
        if character not in _SPACE and not "!" <= character <= "~":
            raise tag.error(f"the character {character!r} is not allowed", offset)
    if _BAD_BREAK.search(tag.value):
        raise tag.error("a line break is not followed by a blank")


def print_tag_list(tags: Iterable[tuple[str, str]]) -> str:
    """The text of a tag list in the common form: `a=b; c=d`, no final `;`."""
    return "; ".join(f"{name}={value}" for name, value in tags)


def unknown_tags(tags: Iterable[Tag], known: Collection[str]) -> tuple[tuple[str, str], ...]:
    """The names and values of the tags that are not `known`, with single blanks inside the values."""
    return tuple((tag.name, " ".join(tag.value.split())) for tag in tags if tag.name not in known)


def check_unknown_tags(unknown: Sequence[tuple[str, str]], known: Collection[str]) -> None:
    """Raise `InvalidRecord` unless a record can hold all of `unknown` beside the `known` tags."""
    names = [name for name, _ in unknown]
    if len(set(names)) != len(names) or not set(names).isdisjoint(known):
        raise InvalidRecord(f"the further tags {', '.join(names)} repeat a tag")
    for name, value in unknown:
        if _NAME.fullmatch(name) is None or not is_tag_value(value):
            raise InvalidRecord(f"{name}={value} is not a tag that a record can hold")


def is_tag_value(text: str) -> bool:
    """True when a tag can have `text` as its value: visible ASCII without `;`, single blanks inside."""
    return _PRINTABLE.fullmatch(text) is not None
