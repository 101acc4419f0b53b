"""How the answers of `mailseal nta lookup` are printed, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from rich.text import Text

from mailseal.checks.serialize import SCHEMA_VERSION
from mailseal.cli.checkformats import ListWriter, Write
from mailseal.cli.ntalookup import Lookup, Sender
from mailseal.cli.ntatext import LookupTable, lookup_value, standing_value


class LookupWriter(Protocol):
    """Prints answers as they come, so that thousands of them need no memory."""

    def begin(self, sender: Sender) -> None:
        """Print what stands before the first answer."""
        ...

    def add(self, lookup: Lookup) -> None:
        """Print one answer."""
        ...

    def end(self) -> None:
        """Print what stands behind the last answer."""
        ...


class TableLookups:
    """A row for each recipient, or only for those to which mail may not go directly."""

    def __init__(
        self, show: Callable[[Iterable[Text]], None], table: LookupTable, *, only_open: bool = False
    ) -> None:
        self._show = show
        self._table = table
        self._only_open = only_open

    def begin(self, sender: Sender) -> None:
        """See `LookupWriter`."""
        self._show(self._table.head(sender))

    def add(self, lookup: Lookup) -> None:
        """See `LookupWriter`."""
        if not (self._only_open and lookup.is_direct):
            self._show([self._table.row(lookup)])

    def end(self) -> None:
        """See `LookupWriter`."""


class JsonLookups:
    """One JSON object with the sender and a list of recipients."""

    def __init__(self, write: Write) -> None:
        self._list = ListWriter(write)

    def begin(self, sender: Sender) -> None:
        """See `LookupWriter`."""
        standing = standing_value(sender.standing) if sender.standing else None
        self._list.begin(
            {"schemaVersion": SCHEMA_VERSION, "sender": standing, "partnerNetwork": sender.partner_network}
        )

    def add(self, lookup: Lookup) -> None:
        """See `LookupWriter`."""
        self._list.add(lookup_value(lookup))

    def end(self) -> None:
        """See `LookupWriter`."""
        self._list.end()
