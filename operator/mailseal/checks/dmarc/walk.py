"""Finding DMARC records: the DNS tree walk (RFC 9989 section 4.10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import dns.rdatatype

from mailseal.checks.answers import Answer, Resolver
from mailseal.checks.asking import ask_below
from mailseal.records.dmarc import DmarcReading, PublicSuffix, is_dmarc, read_dmarc
from mailseal.records.names import DnsName

MAX_QUERIES = 8
_LABELS_AFTER_SKIP = 7


@dataclass(frozen=True, slots=True)
class Stop:
    """What one query of the walk brought."""

    domain: DnsName
    answer: Answer
    texts: tuple[str, ...]
    """The DMARC records at `_dmarc.<domain>`; other values are left out."""
    reading: DmarcReading | None = None
    """What the only record says; None when there is none, or several, which are all discarded."""

    @classmethod
    def of(cls, domain: DnsName, answer: Answer) -> Stop:
        """The stop at `domain`, where `answer` came."""
        texts = tuple(text for text in answer.texts if is_dmarc(text.encode("latin-1")))
        return cls(domain, answer, texts, read_dmarc(texts[0]) if len(texts) == 1 else None)

    @property
    def public_suffix(self) -> PublicSuffix:
        """What the only record says with `psd`; unknown without one."""
        record = self.reading.record if self.reading else None
        return record.public_suffix if record else PublicSuffix.UNKNOWN


@dataclass(frozen=True, slots=True)
class Walk:
    """The stops of a walk, from the domain itself upwards."""

    stops: tuple[Stop, ...]

    @property
    def start(self) -> Stop:
        """The domain that the walk is about."""
        return self.stops[0]

    @property
    def unanswered(self) -> Stop | None:
        """The first stop that gave no usable answer, if any: then nothing is certain above it."""
        return next((stop for stop in self.stops if not stop.answer.is_known), None)

    @property
    def organizational_domain(self) -> DnsName:
        """The organisational domain (section 4.10.2).

        It is one label below a record with `psd=y` above the start; otherwise it is where the record with the
        fewest labels stands, which one with `psd=n` has, since it ends the walk. Without any record it is the
        start.
        """
        start, last = self.start.domain, self.stops[-1]
        if last.public_suffix is PublicSuffix.YES and last is not self.start:
            return _one_label_below(last.domain, start)
        found = [stop.domain for stop in self.stops if stop.reading]
        return found[-1] if found else start

    @property
    def policy(self) -> Stop | None:
        """The stop whose record gives the policy of the start (section 4.10.1).

        It is its own record, else that of its organisational domain, else that of the public suffix domain.
        """
        if self.start.reading:
            return self.start
        candidates = [stop for stop in self.stops if stop.reading]
        organizational = self.organizational_domain
        at_it = [stop for stop in candidates if stop.domain == organizational]
        above = [stop for stop in candidates if stop.public_suffix is PublicSuffix.YES]
        return next(iter((*at_it, *above)), None)


async def walk_tree(resolver: Resolver, domain: DnsName) -> Walk:
    """Walk from `domain` to the top, with at most 8 queries; it ends at `psd=y` and `psd=n`."""
    stops = []
    for name in names_on_walk(domain):
        stops.append(await look(resolver, name))
        if stops[-1].public_suffix is not PublicSuffix.UNKNOWN:
            break
    return Walk(tuple(stops))


async def look(resolver: Resolver, domain: DnsName) -> Stop:
    """One query of the walk."""
    return Stop.of(domain, await ask_below(resolver, "_dmarc", domain, dns.rdatatype.TXT))


def names_on_walk(domain: DnsName) -> Iterator[DnsName]:
    """The domain and those above it: of more than 8 labels, the next has 7 (section 4.10 step 3)."""
    yield domain
    for ancestor in domain.ancestors()[1:]:
        if len(ancestor.labels) <= _LABELS_AFTER_SKIP:
            yield ancestor


def _one_label_below(suffix: DnsName, start: DnsName) -> DnsName:
    below = [name for name in start.ancestors() if name != suffix and name.is_within(suffix)]
    return below[-1]
