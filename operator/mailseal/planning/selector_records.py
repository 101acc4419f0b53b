"""What stands at the selectors of a mail domain: keys, their revocations, and CNAMEs to keys elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from mailseal.domain.externaldkim import ExternalSelector
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.planning.model import Claim
from mailseal.planning.places import (
    Place,
    Singleton,
    alias_place,
    can_be_recorded,
    dkim_place,
    selector_at,
)
from mailseal.planning.reasons import Reason
from mailseal.planning.wishes import Scene, Wishes
from mailseal.records.names import DnsName, InvalidName
from mailseal.records.rrset import CnameData, Rdata, RecordType, RRsetKey
from mailseal.records.txt import TxtData

_AT_SELECTORS = (Singleton.DKIM, Singleton.CNAME)
PlaceOf = Callable[[str, DnsName], Place]


def selector_place(place_of: PlaceOf, selector: str, domain: DnsName) -> Place | None:
    """Where a value of `selector` stands; None for a selector that no name can hold."""
    try:
        place = place_of(selector, domain)
    except InvalidName:
        return None
    return place if can_be_recorded(place.key, domain) else None


def selector_keys(claim: Claim) -> Iterator[RRsetKey]:
    """The RRsets to read for a DkimKey. Reading a TXT set tells of a CNAME at its name, too."""
    selectors = chain((key.selector for key in claim.dkim_keys), claim.dkim_released)
    for place in (selector_place(dkim_place, selector, claim.domain) for selector in selectors):
        if place is not None:
            yield place.key
    for selector, _ in claim.dkim_aliases:
        yield from alias_keys(selector, claim.domain)


def alias_keys(selector: str, domain: DnsName) -> Iterator[RRsetKey]:
    """The RRsets to read before a CNAME is written at `selector`: nothing may stand beside it."""
    place = selector_place(alias_place, selector, domain)
    if place is not None:
        yield from (RRsetKey(place.key.name, rtype) for rtype in RecordType)


def dkim_key_wishes(scene: Scene) -> Iterator[Wishes]:
    """What a DkimKey wants: what the life of its keys asks for, and that keys it does not know stay."""
    for key in scene.claim.dkim_keys:
        yield _wish(scene, key.selector, dkim_place, TxtData.of(key.record))
    for selector, target in scene.claim.dkim_aliases:
        yield _wish(scene, selector, alias_place, CnameData(target))
    if not scene.claim.deleting:
        yield from _unknown_keys(scene)


def external_keys(spec: MailDomainSpec) -> Iterator[RRsetKey]:
    """The RRsets to read for the selectors that a MailDomain publishes for vendors."""
    for entry in _published(spec):
        if entry.cname:
            yield from alias_keys(entry.selector, spec.domain_name)
        elif (place := selector_place(dkim_place, entry.selector, spec.domain_name)) is not None:
            yield place.key


def external_wishes(scene: Scene, spec: MailDomainSpec) -> Iterator[Wishes]:
    """The CNAMEs and keys of vendors that a MailDomain publishes; a selector only watched wants none."""
    for entry in _published(spec):
        if entry.cname:
            yield _wish(scene, entry.selector, alias_place, CnameData(DnsName.parse(entry.cname)))
        elif entry.txt:
            yield _wish(scene, entry.selector, dkim_place, TxtData.of(entry.txt))


def _published(spec: MailDomainSpec) -> Iterator[ExternalSelector]:
    entries = spec.dkim.external_selectors if spec.dkim else ()
    return (entry for entry in entries if entry.cname or entry.txt)


def _wish(scene: Scene, selector: str, place_of: PlaceOf, value: Rdata) -> Wishes:
    place = selector_place(place_of, selector, scene.claim.domain)
    if place is None:
        return Wishes(warnings=(f"the selector {selector!r} makes no valid name; the key is not published",))
    return Wishes(contributions=(scene.contribute(place, value),))


def _unknown_keys(scene: Scene) -> Iterator[Wishes]:
    """Own values at selectors that nobody knows of stay: mail signed with their keys may be under way."""
    claim = scene.claim
    wanted = {key.selector for key in claim.dkim_keys} | {selector for selector, _ in claim.dkim_aliases}
    for key in sorted(scene.observed):
        selector = selector_at(key.name, claim.domain)
        if selector is None or selector in wanted | claim.dkim_released:
            continue
        for place in (Place(key, singleton) for singleton in _AT_SELECTORS):
            for value in scene.own_values(place):
                message = (
                    f"{key.name} stays published although mailseal does not know its key any more, since "
                    "mail signed with it may still be under way; it is retired before it is removed"
                )
                wish = scene.contribute(place, value, Reason.KEY_NOT_IN_SECRET, message)
                yield Wishes(contributions=(wish,))
