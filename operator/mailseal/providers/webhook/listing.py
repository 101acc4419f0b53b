"""What a webhook lists, as RRsets. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from mailseal.providers.webhook.protocol import Endpoint
from mailseal.providers.webhook.txtforms import TxtForm
from mailseal.records.errors import InvalidRecord
from mailseal.records.names import DnsName
from mailseal.records.rrset import MxData, Rdata, RecordType, RRset, RRsetKey, parse_rdata

_NULL_MX_TARGETS = frozenset({"0", "0 ."})
"""external-dns takes the final dot off every MX target, and with it the root's name (RFC 7505)."""


@dataclass(frozen=True, slots=True)
class HeldSet:
    """One RRset with what the webhook says it is."""

    rrset: RRset
    targets: tuple[tuple[Rdata, str], ...]
    """Each value with the target that stands for it."""
    endpoint: Endpoint
    """The one that is listed; the first one where a webhook lists an endpoint for each value."""


class Listing:
    """All endpoints of one answer, by name."""

    def __init__(
        self, endpoints: Iterable[Endpoint], form: TxtForm, ttls: Mapping[RRsetKey, int] | None = None
    ) -> None:
        """`ttls` stand in where the webhook does not say a TTL."""
        self._form = form
        self._ttls = ttls or {}
        self._by_name: dict[DnsName, dict[str, list[Endpoint]]] = defaultdict(lambda: defaultdict(list))
        for endpoint in endpoints:
            self._by_name[endpoint.name][endpoint.rtype].append(endpoint)

    def held(self, key: RRsetKey) -> HeldSet | None:
        """The set at `key`. Raises `InvalidRecord` saying why it is not readable."""
        endpoints = [each for each in self._at(key.name).get(key.rtype, ()) if each.targets]
        if not endpoints:
            return None
        if any(each.set_identifier for each in endpoints):
            raise InvalidRecord(f"{key} has a routing policy (a set identifier), which mailseal leaves alone")
        pairs = self._pairs(key, [target for each in endpoints for target in each.targets])
        ttl_seconds = endpoints[0].ttl_seconds or self._ttls.get(key, 0)
        rrset = RRset(key, ttl_seconds, tuple(dict.fromkeys(value for value, _ in pairs)))
        return HeldSet(rrset, pairs, endpoints[0])

    def says_ttl(self, key: RRsetKey) -> bool:
        """True when a TTL is listed for the set."""
        return any(each.ttl_seconds for each in self._at(key.name).get(key.rtype, ()))

    def rrsets(
        self, zone: DnsName, keys: Collection[RRsetKey]
    ) -> tuple[dict[RRsetKey, RRset], dict[RRsetKey, str]]:
        """The sets of `keys` and the CNAMEs at their names, and what is wrong with the other keys."""
        found: dict[RRsetKey, RRset] = {}
        faults: dict[RRsetKey, str] = {}
        for key in keys:
            if (cut := self.delegation(key.name, zone)) is not None:
                faults[key] = f"{key.name} is delegated away from {zone} at {cut}"
                continue
            for wanted in {key, RRsetKey(key.name, RecordType.CNAME)}:
                try:
                    held = self.held(wanted)
                except InvalidRecord as error:
                    faults[key] = str(error)
                    continue
                if held is not None:
                    found[wanted] = held.rrset
        return {key: rrset for key, rrset in found.items() if key not in faults}, faults

    def delegation(self, name: DnsName, zone: DnsName) -> DnsName | None:
        """The name at or above `name` and below `zone` that has NS records, where a webhook lists such."""
        above = (each for each in name.ancestors() if each != zone and each.is_within(zone))
        return next((each for each in above if self._at(each).get("NS")), None)

    def has_other_types(self, name: DnsName) -> bool:
        """True when a name holds records of types besides ours."""
        return any(rtype not in RecordType.__members__ for rtype in self._at(name))

    def _at(self, name: DnsName) -> Mapping[str, list[Endpoint]]:
        return self._by_name.get(name, {})

    def _pairs(self, key: RRsetKey, targets: list[str]) -> tuple[tuple[Rdata, str], ...]:
        if key.rtype is RecordType.TXT:
            return self._form.read(targets)
        return tuple((_value(key.rtype, target), target) for target in targets)


def _value(rtype: RecordType, target: str) -> Rdata:
    if rtype is RecordType.MX and target.strip() in _NULL_MX_TARGETS:
        return MxData(0, DnsName(""))
    return parse_rdata(rtype, target)
