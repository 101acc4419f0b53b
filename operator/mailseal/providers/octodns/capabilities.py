"""What a class of octoDNS can promise. Pure."""

from __future__ import annotations

from typing import Final

from octodns.provider.base import BaseProvider

from mailseal.providers.base import Ability, Capabilities, Costs
from mailseal.providers.octodns.texts import TextFormat

BATCH_LIMIT: Final = 50
_ALL: Final = {
    Ability.COMPARE_AND_SWAP: "The zone is read just before and just after a write; a change that somebody "
    "else makes to the same set in between is lost.",
    Ability.ATOMIC_BATCHES: "Many providers of octoDNS send one request for each change.",
    Ability.STRING_BOUNDARIES: "octoDNS joins the character-strings of a value and splits at 255 bytes.",
    Ability.EMPTY_STRINGS: "An empty TXT value is refused.",
}
_COSTS: Final = Costs(find_zone=1, read=1, read_more=0, write=2, write_more=0)
GENERAL: Final = Capabilities(BATCH_LIMIT, _ALL, _COSTS)
"""What no class can more of; many promise less."""


def lists_zones(kind: type[BaseProvider]) -> bool:
    """True when the class can say which zones there are."""
    return hasattr(kind, "list_zones")


def capabilities_of(kind: type[BaseProvider], text_format: TextFormat) -> Capabilities:
    """The promises of one class.

    Costs are in calls of the class, such as one `populate`: how many requests each is, only it knows.
    """
    cannot = dict(_ALL)
    if text_format is TextFormat.RDATA:
        cannot[Ability.ANY_BYTES] = (
            "Values outside printable ASCII are refused, and a zone that holds one cannot be read."
        )
    if text_format is TextFormat.RAW:
        cannot[Ability.ANY_TEXT] = (
            "Values of ours with quotes or backslashes are refused, and so is a change of a "
            "set in which somebody else has a value with a backslash."
        )
        cannot[Ability.ANY_BYTES] = (
            "Values of ours with bytes outside printable ASCII are refused; those of others are kept as they "
            "are."
        )
    if not lists_zones(kind):
        cannot[Ability.ZONE_DISCOVERY] = "The class cannot list zones: list them in zones."
    if "NS" not in kind.SUPPORTS:
        cannot[Ability.DELEGATIONS] = "The class does not read NS records."
    return Capabilities(BATCH_LIMIT, cannot, _COSTS)
