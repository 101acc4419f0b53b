"""What is wrong with a record, said so that its author can find the place."""

from __future__ import annotations


class InvalidRecord(ValueError):
    """The text or the parts do not make a valid value. Every error of this package is one."""


class RecordSyntaxError(InvalidRecord):
    """A record's text breaks its grammar.

    `tag` is the tag or term that is at fault, `position` the 0-based offset into the text where the fault is.
    """

    def __init__(self, problem: str, *, tag: str, position: int) -> None:
        super().__init__(f"{tag!r} at position {position}: {problem}")
        self.problem = problem
        self.tag = tag
        self.position = position
