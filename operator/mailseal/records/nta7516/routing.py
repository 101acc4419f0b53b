"""Who gets secure ad-hoc mail how: readiness of a domain, and the way of a message to it.

After the project's sources (ZorgMail manual, January 2025): when the sender is NTA-ready, partner networks
and ready third parties get mail directly, and recipients that are not ready get a secure viewer. A domain
is ready when it has one valid record whose months include today. About a sender that is not ready itself
the sources say nothing, so no way is promised there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mailseal.records.names import DnsName
from mailseal.records.nta7516.reader import read_nta
from mailseal.records.nta7516.value import NtaRecordValue, is_nta
from mailseal.records.rrset import MxData


class Readiness(StrEnum):
    """Whether a domain takes part in NTA 7516 today, and if not, why."""

    READY = "ready"
    NO_DOMAIN = "no-domain"
    """The domain does not exist in DNS."""
    NO_RECORD = "no-record"
    SEVERAL_RECORDS = "several-records"
    INVALID_RECORD = "invalid-record"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class DomainReadiness:
    """What the TXT values of a domain say on one day."""

    readiness: Readiness
    record: NtaRecordValue | None = None
    """The one record that can be read, also when it is not valid on the day."""

    @property
    def is_ready(self) -> bool:
        """True when mail may go by the record."""
        return self.readiness is Readiness.READY


class Route(StrEnum):
    """How a message reaches its recipient."""

    DIRECT = "direct"
    """It is delivered to the recipient's own mail servers."""
    VIEWER = "viewer"
    """The recipient reads it in a secure viewer, after a notice by ordinary mail."""
    NOT_ASSURED = "not-assured"
    """NTA 7516 promises nothing: the sender does not take part."""
    NOWHERE = "nowhere"
    """Nobody receives mail for the recipient's domain."""


class RouteReason(StrEnum):
    """Why a message takes its way."""

    PARTNER_NETWORK = "partner-network"
    RECIPIENT_READY = "recipient-ready"
    RECIPIENT_NOT_READY = "recipient-not-ready"
    SENDER_NOT_READY = "sender-not-ready"
    NO_DOMAIN = "no-domain"
    NO_MAIL = "no-mail"
    """The domain says by a null MX that it receives no mail (RFC 7505)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The way of mail from one domain to another."""

    route: Route
    reason: RouteReason


def readiness_of(texts: Iterable[str], today: date) -> DomainReadiness:
    """Whether a domain whose joined TXT values (Latin-1) are `texts` is ready on `today`, its local date."""
    records = [text for text in texts if is_nta(text.encode("latin-1", "replace"))]
    if not records:
        return DomainReadiness(Readiness.NO_RECORD)
    if len(records) > 1:
        return DomainReadiness(Readiness.SEVERAL_RECORDS)
    record = read_nta(records[0]).record
    if record is None:
        return DomainReadiness(Readiness.INVALID_RECORD)
    return DomainReadiness(_within(record, today), record)


def route_mail(*, sender_ready: bool, recipient_ready: bool, partner_network: bool) -> Delivery:
    """How mail goes. `partner_network`: the recipient is in a network that the sender's provider serves.

    | sender | recipient | way |
    |---|---|---|
    | not ready | any | not assured |
    | ready | in a partner network | direct |
    | ready | ready | direct |
    | ready | not ready | secure viewer |
    """
    if not sender_ready:
        return Delivery(Route.NOT_ASSURED, RouteReason.SENDER_NOT_READY)
    if partner_network:
        return Delivery(Route.DIRECT, RouteReason.PARTNER_NETWORK)
    if recipient_ready:
        return Delivery(Route.DIRECT, RouteReason.RECIPIENT_READY)
    return Delivery(Route.VIEWER, RouteReason.RECIPIENT_NOT_READY)


def receiving_hosts(recipient: DomainReadiness, mx: Sequence[MxData]) -> tuple[DnsName, ...]:
    """The hosts that mail to the recipient is tried at, in order.

    The `ntamx` hosts of a valid record by preference; else the MX hosts, without a null MX (RFC 7505).
    """
    hosts: Iterable[tuple[int, DnsName]] = ((one.preference, one.exchange) for one in mx if one.exchange)
    if recipient.is_ready and recipient.record is not None and recipient.record.ntamx:
        hosts = ((one.preference, one.host) for one in recipient.record.ntamx)
    return tuple(dict.fromkeys(host for _, host in sorted(hosts)))


def _within(record: NtaRecordValue, today: date) -> Readiness:
    if record.dates.covers(today):
        return Readiness.READY
    return Readiness.EXPIRED if today > record.dates.last_day else Readiness.NOT_YET_VALID
