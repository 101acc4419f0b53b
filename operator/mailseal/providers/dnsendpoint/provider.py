"""The provider that writes DNSEndpoint resources.

What external-dns does with them decides what is safe here (plan.Calculate and the txt registry of 0.22):

- It writes whole RRsets. A set that exists and that its registry does not record as its own it leaves alone,
  silently, whatever a DNSEndpoint says; without a registry (noop) it overwrites the set.
- A set that no DNSEndpoint wants any more it removes when it owns it.
- The targets of all DNSEndpoints with one name, type and TTL become one set.

So a set with values that are in no DNSEndpoint is never written: external-dns either ignores it or destroys
those values. Values of others may stand in other DNSEndpoints of the same namespace; then only ours are put
into our object. What the zone holds besides the objects is asked of its own servers.

A set that is taken out of the object is answered until external-dns has removed it; the object remembers it
in an annotation, so that it is not taken for somebody else's. An object that is written is not yet published:
the observer proves that, as for every backend.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from mailseal.dnsio.client import for_each
from mailseal.providers.base import (
    Ability,
    Capabilities,
    NotServed,
    ProviderError,
    Raced,
    Refused,
    ZoneNotFound,
    ZoneSurvey,
)
from mailseal.providers.calls import Calls
from mailseal.providers.dnsendpoint.objects import ZoneObjects, read_objects, write_object
from mailseal.providers.dnsendpoint.settings import DnsEndpointSettings
from mailseal.providers.dnsendpoint.zonedns import ZoneDns
from mailseal.providers.rrsetstore import alters, changed_rrsets, check_batch, read_rrsets
from mailseal.providers.surroundings import UNRESTRICTED, Conflicted, Surroundings
from mailseal.providers.webhook.txtforms import FORMS, FormName
from mailseal.providers.zonelist import longest_suffix
from mailseal.records.change import RRsetChange
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey, rrset_of

BATCH_LIMIT: Final = 200
_ZONES_AT_ONCE: Final = 8
_CANNOT: Final[Mapping[Ability, str]] = {
    Ability.COMPARE_AND_SWAP: "Our own object is compared and swapped; when external-dns carries it out, it "
    "compares with nothing. Sets with values that are in no DNSEndpoint are therefore refused.",
    Ability.ZONE_DISCOVERY: "Zones have to be listed in spec.zones.",
}


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the objects and the zone's servers say of some names."""

    objects: ZoneObjects
    held: Mapping[RRsetKey, RRset]
    """The sets, wherever they are."""
    strange: frozenset[RRsetKey]
    """Those that are in no object."""


class DnsEndpointProvider:
    """One DNSEndpoint for each zone, in one namespace."""

    type_name: ClassVar[str] = "dnsendpoint"
    capabilities: Capabilities = Capabilities(
        batch_limit=BATCH_LIMIT, cannot={**_CANNOT, **FORMS[FormName.QUOTED].cannot}
    )
    """Those of the txtForm Quoted; others may promise less."""

    def __init__(self, settings: DnsEndpointSettings, surroundings: Surroundings = UNRESTRICTED) -> None:
        self.capabilities = replace(self.capabilities, cannot={**_CANNOT, **settings.form.cannot})
        self._settings = settings
        self._calls = Calls(surroundings)
        self._dns = ZoneDns(settings.nameservers, surroundings.reach)

    @classmethod
    def from_settings(
        cls,
        settings: Mapping[str, object],
        credentials: Mapping[str, bytes],
        surroundings: Surroundings = UNRESTRICTED,
    ) -> DnsEndpointProvider:
        """See `Provider.from_settings`; the fields are those of `DnsEndpointSettings.parse`."""
        return cls(DnsEndpointSettings.parse(settings, credentials, surroundings), surroundings)

    async def survey(self) -> ZoneSurvey:
        """List the objects and ask the servers of each zone; see `Provider.survey`."""
        await self._bodies()
        faults: dict[DnsName, ProviderError] = {}

        async def check(zone: DnsName) -> None:
            try:
                await self._answered(zone, [RRsetKey(zone, RecordType.TXT)])
            except NotServed as error:
                faults[zone] = ZoneNotFound(str(error))
            except ProviderError as error:
                faults[zone] = error

        await for_each(self._settings.zones, check, _ZONES_AT_ONCE)
        return ZoneSurvey(tuple(zone for zone in self._settings.zones if zone not in faults), faults)

    async def zones(self) -> tuple[DnsName, ...]:
        """See `Provider.zones`."""
        return (await self.survey()).usable()

    async def zone_of(self, name: DnsName) -> DnsName:
        """The listed zone with the longest suffix."""
        return longest_suffix(name, self._settings.zones)

    async def read(self, zone: DnsName, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
        """What the objects hold or else the zone's servers answer; see `Provider.read`."""
        self._check_zone(zone)
        return read_rrsets((await self._see(zone, keys)).held, keys) if keys else {}

    async def apply(self, zone: DnsName, changes: Sequence[RRsetChange]) -> None:
        """Replace the zone's object; see `Provider.apply`."""
        self._check_zone(zone)
        check_batch(zone, changes)
        altering = [change for change in changes if alters(change)]
        if not altering:
            return
        try:
            seen = await self._see(zone, {key for change in altering for key in _concerned(change.key)})
        except NotServed as error:
            raise Refused(str(error)) from None
        changed_rrsets(seen.held, altering)
        await self._put(zone, seen.objects, {change.key: _ours(change, seen) for change in altering})

    async def close(self) -> None:
        """Nothing stays open between calls."""
        self._calls.close()

    def __repr__(self) -> str:
        return f"DnsEndpointProvider({self._settings.namespace})"

    def _check_zone(self, zone: DnsName) -> None:
        if zone not in self._settings.zones:
            raise ZoneNotFound(f"{zone} is not listed in the zones of this provider")

    async def _see(self, zone: DnsName, keys: Collection[RRsetKey]) -> _Seen:
        objects = read_objects(zone, await self._bodies(), self._settings.form)
        wanted = {*keys, *(RRsetKey(key.name, RecordType.CNAME) for key in keys)}
        held = _in_objects(objects, wanted)
        answered = await self._answered(zone, [key for key in keys if key not in held])
        strange = {
            key: rrset
            for key, rrset in answered.items()
            if key not in held and not _was_withdrawn(objects, rrset)
        }
        return _Seen(objects, {**held, **strange}, frozenset(strange))

    async def _put(
        self, zone: DnsName, objects: ZoneObjects, changed: Mapping[RRsetKey, RRset | None]
    ) -> None:
        settings = self._settings
        body = write_object(zone, objects, changed, settings.labels, settings.form)

        async def put() -> None:
            try:
                await settings.store.put(settings.namespace, body)
            except Conflicted:
                raise Raced(f"the DNSEndpoint of {zone} was changed since it was read") from None

        await self._calls.write("PutDNSEndpoint", put)

    async def _bodies(self) -> Sequence[Mapping[str, Any]]:
        settings = self._settings
        return await self._calls.read("ListDNSEndpoints", lambda: settings.store.list(settings.namespace, ""))

    async def _answered(self, zone: DnsName, keys: Collection[RRsetKey]) -> Mapping[RRsetKey, RRset]:
        if not keys:
            return {}
        answered, faults = await self._calls.read("AskZone", lambda: self._dns.read(zone, keys))
        if faults:
            raise NotServed(faults)
        return answered


def _concerned(key: RRsetKey) -> tuple[RRsetKey, ...]:
    """The key and, since a CNAME stands alone, the other types at the name of a CNAME."""
    return (
        tuple(RRsetKey(key.name, rtype) for rtype in RecordType) if key.rtype is RecordType.CNAME else (key,)
    )


def _in_objects(objects: ZoneObjects, keys: Collection[RRsetKey]) -> dict[RRsetKey, RRset]:
    """The union of our object and those of others. Raises `NotServed` for what is not readable."""
    held: dict[RRsetKey, RRset] = {}
    faults: dict[RRsetKey, str] = {}
    for key in keys:
        try:
            found = [each.rrset for side in (objects.ours, objects.theirs) if (each := side.held(key))]
        except InvalidRecord as error:
            faults[key] = f"a DNSEndpoint cannot be read: {error}"
            continue
        if found:
            values = dict.fromkeys(value for rrset in found for value in rrset.values)
            held[key] = RRset(key, found[0].ttl_seconds, tuple(values))
    if faults:
        raise NotServed(faults)
    return held


def _was_withdrawn(objects: ZoneObjects, answered: RRset) -> bool:
    """True for a set of ours that external-dns has not removed yet."""
    try:
        withdrawn = objects.withdrawn.held(answered.key)
    except InvalidRecord:
        return False
    return withdrawn is not None and answered.identities <= withdrawn.rrset.identities


def _ours(change: RRsetChange, seen: _Seen) -> RRset | None:
    """What our object has to hold for a change. Raises `Refused` when external-dns would not carry it out."""
    if change.key in seen.strange:
        raise Refused(
            f"{change.key} holds values that are in no DNSEndpoint of this namespace: external-dns leaves "
            "such a set alone, or destroys those values. Move them into a DNSEndpoint of their own, with the "
            "TTL that mailseal uses, and let external-dns take the set over; or use another type of provider"
        )
    found = seen.objects.theirs.held(change.key)
    theirs = found.rrset if found is not None else None
    if theirs is None:
        return change.after
    if change.after is None or not theirs.identities <= change.after.identities:
        raise Refused(
            f"{change.key}: another DNSEndpoint holds values that would have to go: change it there"
        )
    if theirs.ttl_seconds != change.after.ttl_seconds:
        raise Refused(
            f"{change.key}: another DNSEndpoint gives it a TTL of {theirs.ttl_seconds} s, and external-dns "
            f"joins only values of one TTL: give it {change.after.ttl_seconds} s there"
        )
    own = (value for value in change.after.values if value.identity not in theirs.identities)
    return rrset_of(change.key, change.after.ttl_seconds, own)
