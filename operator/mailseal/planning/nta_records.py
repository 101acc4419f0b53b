"""The value that an NtaRecord wants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.planning.nta_calendar import dates_to_publish, is_over
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import NtaDates, NtaMx, NtaRecordValue, read_nta
from mailseal.records.rrset import Rdata, RRset
from mailseal.records.txt import TxtData

DECLARE = (
    "publish the record only after the organisation signed the NTA 7516 self-declaration: "
    "fill in spec.declaration with signedOn and reference"
)
EXPIRED = (
    "the last month of the NTA 7516 record is over, so other systems no longer take the domain as ready: "
    "renew the self-declaration and set spec.startMonth to the month in which the new record starts"
)


@dataclass(frozen=True, slots=True)
class WantedNta:
    """The wanted value, and whether its last month is over."""

    value: TxtData
    is_over: bool


def nta_value(
    spec: NtaRecordSpec, own: Iterable[Rdata], rrset: RRset | None, remembered: NtaDates | None, now: datetime
) -> WantedNta:
    """The record that `spec` wants, with the dates that `dates_to_publish` decides on.

    `own` are the resource's published values, `rrset` is all that stands at the domain, `remembered` are the
    dates in the resource's status. Raises `InvalidRecord`.
    """
    hosts = tuple(NtaMx(host.preference, DnsName.parse(host.host)) for host in spec.ntamx)
    similar = [
        record.dates
        for record in _readable(rrset.values if rrset else ())
        if record.provider == spec.provider and frozenset(record.ntamx) == frozenset(hosts)
    ]
    published = [record.dates for record in _readable(own)]
    dates = dates_to_publish(spec, published, similar, remembered, now)
    value = NtaRecordValue(spec.provider, hosts, dates)
    return WantedNta(TxtData.of(value.to_text()), is_over(dates, now))


def _readable(values: Iterable[Rdata]) -> list[NtaRecordValue]:
    readings = [read_nta(value.text).record for value in values if isinstance(value, TxtData)]
    return [record for record in readings if record is not None]
