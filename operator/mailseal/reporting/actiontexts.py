"""What the report says of things that only the resources tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mailseal.checks.model import Text
from mailseal.reporting.model import NtaEntry

SOME_DOMAIN: Final = Text("[domain]", "[domein]")
SOME_NAME: Final = Text("[name]", "[naam]")
SOMETHING: Final = Text("[...]", "[...]")
"""Stands for what differs among the places of an action."""


def _nothing(_: NtaEntry) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Told:
    """The texts of one kind of action."""

    says: Text
    advice: Text
    detail: Callable[[NtaEntry], str] = _nothing
    """What the operator says of it."""


DECLARE: Final = Told(
    Text(
        "Without a signed self-declaration no NTA 7516 record is published or renewed",
        "Zonder ondertekende zelfverklaring wordt geen NTA 7516-record gepubliceerd of verlengd",
    ),
    Text(
        "Sign the NTA 7516 self-declaration and fill in spec.declaration of the NtaRecord",
        "Onderteken de zelfverklaring NTA 7516 en vul spec.declaration van het NtaRecord in",
    ),
    lambda record: record.ready_message,
)
PUBLISHING_HELD_UP: Final = Told(
    Text(
        "The NTA 7516 record is not published yet: other organisations cannot tell that the domain is ready",
        "Het NTA 7516-record is nog niet gepubliceerd: anderen zien niet dat het domein gereed is",
    ),
    Text(
        "Do what the first publication waits for; the record is then published at once",
        "Doe waarop de eerste publicatie wacht; het record wordt dan meteen gepubliceerd",
    ),
    lambda record: record.ready_message,
)
RENEW_EXPIRED: Final = Told(
    Text(
        "The last month of the NTA 7516 record is over: other organisations no longer treat the domain as "
        "ready",
        "De laatste maand van het NTA 7516-record is voorbij: andere organisaties zien het domein niet meer "
        "als gereed",
    ),
    Text(
        "Do what the renewal waits for; the record is then renewed at once",
        "Doe waarop de verlenging wacht; het record wordt dan meteen verlengd",
    ),
    lambda record: record.renewal_message or record.ready_message,
)
RENEWAL_HELD_UP: Final = Told(
    Text(
        "The renewal of the NTA 7516 record is held up; the record in place stays until it succeeds",
        "De verlenging van het NTA 7516-record wordt opgehouden; het huidige record blijft staan tot het "
        "lukt",
    ),
    Text(
        "Do what the renewal waits for, before the last day of the record",
        "Doe waarop de verlenging wacht, vóór de laatste dag van het record",
    ),
    lambda record: record.renewal_message,
)
REVIEW: Final = Told(
    Text(
        "A review that criterion 6.4.1 asks for is overdue",
        "Een beoordeling die criterium 6.4.1 vraagt, is over tijd",
    ),
    Text(
        "Hold the review, keep its minutes, and fill in its day in spec.reviews of the NtaRecord",
        "Houd de beoordeling, bewaar het verslag en vul de datum in bij spec.reviews van het NtaRecord",
    ),
)
