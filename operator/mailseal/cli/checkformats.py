"""How results are printed for programs: JSON, JSON Lines, and the choice among all forms."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol

from mailseal import __version__
from mailseal.checks.model import Language
from mailseal.checks.serialize import SCHEMA_VERSION, CheckedDomain, result_value

Write = Callable[[str], None]
"""Takes one line or more, without the final line break."""


class CheckOutput(StrEnum):
    """Who reads the results."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    JUNIT = "junit"
    SARIF = "sarif"


class ResultWriter(Protocol):
    """Prints results one by one, so that thousands of them need no memory."""

    def begin(self) -> None:
        """Print what stands before the first result."""
        ...

    def add(self, checked: CheckedDomain) -> None:
        """Print one result."""
        ...

    def end(self) -> None:
        """Print what stands behind the last result."""
        ...


class JsonLinesWriter:
    """One JSON object a line, each complete in itself."""

    def __init__(self, write: Write, language: Language) -> None:
        self._write = write
        self._language = language

    def begin(self) -> None:
        """See `ResultWriter`."""

    def add(self, checked: CheckedDomain) -> None:
        """See `ResultWriter`."""
        self._write(json.dumps(result_value(checked, self._language)))

    def end(self) -> None:
        """See `ResultWriter`."""


class ListWriter:
    """A JSON object that ends with the list `results`, which may be long: one line for each member."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._pending = ""

    def begin(self, head: Mapping[str, object]) -> None:
        """Print the fields of `head`, of which there are some, before the list `results`."""
        fields = json.dumps(head)[:-1]
        self._write(f'{fields}, "results": [')

    def add(self, member: object) -> None:
        """Print one member; the one before gets its comma."""
        if self._pending:
            self._write(f"{self._pending},")
        self._pending = json.dumps(member)

    def end(self) -> None:
        """Print the last member and the end."""
        if self._pending:
            self._write(self._pending)
        self._write("]}")


class JsonWriter:
    """One JSON object; `mailseal.checks.serialize.read_results` and `mailseal report` read it."""

    def __init__(self, write: Write, language: Language) -> None:
        self._list = ListWriter(write)
        self._language = language

    def begin(self) -> None:
        """See `ResultWriter`."""
        self._list.begin({"schemaVersion": SCHEMA_VERSION, "generator": f"mailseal {__version__}"})

    def add(self, checked: CheckedDomain) -> None:
        """See `ResultWriter`."""
        self._list.add(result_value(checked, self._language))

    def end(self) -> None:
        """See `ResultWriter`."""
        self._list.end()
