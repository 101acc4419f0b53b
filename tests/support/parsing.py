"""What every parser of records owes to any text whatsoever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from mailseal.records.errors import RecordSyntaxError


class Printable(Protocol):
    """A record value."""

    def to_text(self) -> str: ...


Record = TypeVar("Record", bound=Printable)


def parsed(parse: Callable[[str], Record], text: str) -> Record | RecordSyntaxError:
    """The record, or the one error that a parser may raise."""
    try:
        return parse(text)
    except RecordSyntaxError as error:
        return error


def assert_stable_or_fault(parse: Callable[[str], Record], text: str) -> None:
    """A record that prints to what is read as the same record, or an error with a place in the text."""
    outcome = parsed(parse, text)
    if isinstance(outcome, RecordSyntaxError):
        assert 0 <= outcome.position <= len(text)
    else:
        assert parse(outcome.to_text()) == outcome
