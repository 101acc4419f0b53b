"""The dnsendpoint provider under test, with an external-dns that is as quick as thought."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypeAlias

from mailseal.dnsio.rdata import record_set, wire_rdata
from mailseal.providers.dnsendpoint import DnsEndpointProvider
from mailseal.providers.surroundings import Surroundings
from mailseal.providers.zonelist import longest_suffix
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey
from support.backends.base import Harness
from support.endpointobjects import MemoryEndpoints
from support.servers import BindServer, TsigSecret

_THEIRS = "the values stand in a DNSEndpoint of somebody else, and are changed there"
_Key: TypeAlias = tuple[str, str, int]


class _CarriedOut(MemoryEndpoints):
    """Objects of which a name server's records are made before the write is answered."""

    def __init__(self, server: BindServer) -> None:
        super().__init__()
        self._server = server

    async def put(self, namespace: str, body: Mapping[str, Any]) -> None:
        before = self._merged()
        await super().put(namespace, body)
        await asyncio.to_thread(self._carry_out, before)

    def put_of_others(self, name: str, body: Mapping[str, Any]) -> None:
        """Replace an object of somebody else in the namespace."""
        before = self._merged()
        self.objects.pop(("dns", name), None)
        self.put_now("dns", {"metadata": {"name": name}, **body})
        self._carry_out(before)

    def _merged(self) -> dict[_Key, tuple[str, ...]]:
        """The targets by name, type and TTL of all objects, as endpoint.MergeEndpoints has them."""
        merged: dict[_Key, dict[str, None]] = {}
        for body in self.objects.values():
            for each in body["spec"]["endpoints"]:
                key = (each["dnsName"], each["recordType"], each["recordTTL"])
                merged.setdefault(key, {}).update(dict.fromkeys(each["targets"]))
        return {key: tuple(targets) for key, targets in merged.items()}

    def _carry_out(self, before: Mapping[_Key, tuple[str, ...]]) -> None:
        after = self._merged()
        for key in before.keys() - after.keys():
            self._put(key, ())
        for key, targets in after.items():
            if before.get(key) != targets:
                self._put(key, targets)

    def _put(self, key: _Key, targets: tuple[str, ...]) -> None:
        name, rtype, ttl_seconds = key
        zone = longest_suffix(DnsName(name), map(DnsName, self._server.zones))
        final = "" if rtype == "TXT" else "."
        absolute = [f"{each.removesuffix(final) if final else each}{final}" for each in targets]
        self._server.put(zone, name, rtype, ttl_seconds, *absolute)


class DnsEndpointHarness(Harness):
    """What others have stands in DNSEndpoints of their own, and is seen through DNS."""

    name = "dnsendpoint"
    inapplicable: ClassVar[Mapping[str, str]] = {
        "shared.replaced": _THEIRS,
        "shared.deleted": _THEIRS,
        "shared.ttl-changed": _THEIRS,
        "shared.ttl-changed-with-a-value": _THEIRS,
        "zones.any-case": "the value stands in the zone and in no DNSEndpoint, where external-dns lets it be",
        "hidden.null-mx": "the MX records stand in the zone and in no DNSEndpoint",
        "hidden.wildcards": "a set with the values of a wildcard cannot be told from what that synthesises",
    }

    def __init__(self) -> None:
        self.server = BindServer(("start.example",), keys=(TsigSecret(),))
        self.server.start()
        self.store = _CarriedOut(self.server)

    @property
    def surroundings(self) -> Surroundings:
        return replace(super().surroundings, endpoints=self.store)

    def add_zone(self, zone: DnsName, records: str = "") -> None:
        self.server.add_zone(zone, records)

    def open(self, *zones: DnsName) -> DnsEndpointProvider:
        settings = {"namespace": "dns", "nameservers": [self.server.endpoint], "zones": list(zones)}
        return DnsEndpointProvider.from_settings(settings, {}, self.surroundings)

    def put(self, zone: DnsName, rrset: RRset) -> None:
        endpoint = {
            "dnsName": str(rrset.key.name),
            "recordType": str(rrset.key.rtype),
            "recordTTL": rrset.ttl_seconds,
            "targets": [wire_rdata(value).to_text() for value in rrset.values],
        }
        self.store.put_of_others(f"of-others-{rrset.key.name}", {"spec": {"endpoints": [endpoint]}})

    def peek(self, zone: DnsName, key: RRsetKey) -> RRset | None:
        found = self.server.query(key.name.fqdn, key.rtype)
        return record_set(key, found) if found else None

    def version(self, zone: DnsName) -> object:
        return self.server.serial(zone)

    def close(self) -> None:
        self.server.close()
