"""A change to one RRset: what a plan asks for and a provider carries out."""

from __future__ import annotations

from dataclasses import dataclass

from mailseal.records.rrset import RRset, RRsetKey


@dataclass(frozen=True, slots=True)
class RRsetChange:
    """One RRset as it is believed to be and as it shall be.

    `before` and `after` are the whole set, byte for byte; None means that no such set exists. A provider
    writes `after` only while the zone still holds `before`.
    """

    key: RRsetKey
    before: RRset | None
    after: RRset | None
