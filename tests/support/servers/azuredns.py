"""The part of Azure Resource Manager that Azure DNS needs, on 127.0.0.1, as its documentation describes it.

Pages on learn.microsoft.com: /rest/api/dns/record-sets/ (create-or-update, delete, get, list-by-dns-zone,
list-by-type) and /rest/api/dns/zones/list-by-resource-group for paths, headers, bodies and paging;
/azure/dns/dns-zones-records ("Etags", "TXT records": 255 characters a string, 4,096 a record set, at most 20
records, no CNAME at the apex or beside others); /azure/azure-resource-manager/management/
request-limits-and-throttling (429 with Retry-After). Errors of Resource Manager stand in an `error` object,
those of the DNS service are bare; their texts are those that users report.
"""

from __future__ import annotations

import itertools
import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from support.servers.vendorapi import Reply, Request, VendorServer

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = "dns-zones"
TOKEN = "an-access-token"
API_VERSION = "2018-05-01"
RECORDS = 20
CHARACTERS = 4096
PAGE = 100
_PATH = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/Microsoft\.Network"
    r"/dnsZones(?:/(?P<zone>[^/]+)(?:/(?P<kind>[A-Za-z]+)(?:/(?P<name>[^/]+))?)?)?"
)
_FIELDS = {"TXT": "TXTRecords", "MX": "MXRecords", "CNAME": "CNAMERecord", "NS": "NSRecords"}
_DOMAIN = re.compile(r"\.|[A-Za-z0-9_*-]+(?:\.[A-Za-z0-9_-]+)*\.?")


class Problem(Exception):
    """An error answer: of the DNS service, or of Resource Manager in front of it."""

    def __init__(self, status: int, code: str, message: str, *, by_manager: bool = False) -> None:
        super().__init__(message)
        self.status = status
        error = {"code": code, "message": message}
        self.body: dict[str, Any] = {"error": error} if by_manager else error


@dataclass
class Zone:
    """A zone: its name as it was made, and its record sets by lower-case name and type."""

    name: str
    zone_type: str = "Public"
    sets: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    version: int = 0


class AzureDnsServer:
    """The API with one subscription, one resource group and one token."""

    def __init__(self) -> None:
        self.zones: dict[str, Zone] = {}
        self.tokens = {TOKEN}
        self.page = PAGE
        self.api = VendorServer(self._answer)
        self._etags = itertools.count(1)

    def add_zone(self, name: str, zone_type: str = "Public") -> Zone:
        """Make a zone with its SOA and NS record sets."""
        zone = self.zones[name.lower()] = Zone(name, zone_type)
        self.store(zone, "@", "NS", {"TTL": 172800, "NSRecords": [{"nsdname": "ns1-01.azure-dns.com."}]})
        self.store(zone, "@", "SOA", {"TTL": 3600, "SOARecord": {"host": "ns1-01.azure-dns.com."}})
        return zone

    def store(self, zone: Zone, name: str, kind: str, properties: dict[str, Any]) -> dict[str, Any]:
        """Keep a record set as it is, with a new etag; nothing is checked."""
        fqdn = f"{zone.name}." if name == "@" else f"{name}.{zone.name}."
        path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Network/dnszones"
        zone.version += 1
        stored = {
            "id": f"{path}/{zone.name}/{kind}/{name}",
            "name": name,
            "type": f"Microsoft.Network/dnszones/{kind}",
            "etag": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{fqdn}{next(self._etags)}")),
            "properties": {
                "targetResource": {},
                **properties,
                "fqdn": fqdn,
                "provisioningState": "Succeeded",
            },
        }
        zone.sets[name.lower(), kind] = stored
        return stored

    def drop(self, zone: Zone, name: str, kind: str) -> None:
        """Remove a record set, if there is one."""
        if zone.sets.pop((name.lower(), kind), None) is not None:
            zone.version += 1

    def close(self) -> None:
        """Stop listening."""
        self.api.close()

    def _answer(self, request: Request) -> Reply:
        try:
            return self._routed(request)
        except Problem as problem:
            return Reply(problem.status, problem.body)

    def _routed(self, request: Request) -> Reply:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            raise Problem(401, "InvalidAuthenticationToken", "The access token is invalid.", by_manager=True)
        if request.query.get("api-version") != API_VERSION:
            raise Problem(400, "InvalidApiVersionParameter", "The api-version is invalid.", by_manager=True)
        found = _PATH.fullmatch(request.path)
        if found is None or found["subscription"] != SUBSCRIPTION:
            raise Problem(404, "SubscriptionNotFound", "There is no such subscription.", by_manager=True)
        if found["group"] != GROUP:
            raise Problem(404, "ResourceGroupNotFound", "There is no such group.", by_manager=True)
        if found["zone"] is None:
            return self._listed(request, [_zone_body(zone) for zone in self.zones.values()])
        zone = self.zones.get(found["zone"].lower())
        if zone is None:
            text = f"Failed on 'dnsZones/{found['zone']}', because the parent resource could not be found."
            raise Problem(404, "ParentResourceNotFound", text, by_manager=True)
        if found["name"] is None:
            return self._sets(request, zone, str(found["kind"]))
        return self._set(request, zone, found["name"], found["kind"].upper())

    def _listed(self, request: Request, bodies: list[dict[str, Any]]) -> Reply:
        start = int(request.query.get("$skipToken", "0"))
        body: dict[str, Any] = {"value": bodies[start : start + self.page]}
        if start + self.page < len(bodies):
            query = f"api-version={API_VERSION}&$skipToken={start + self.page}"
            body["nextLink"] = f"{self.api.url}{request.path}?{query}"
        return Reply(200, body)

    def _sets(self, request: Request, zone: Zone, kind: str) -> Reply:
        chosen = [
            stored
            for (_, stored_kind), stored in zone.sets.items()
            if kind == "recordsets" or kind.upper() == stored_kind
        ]
        return self._listed(request, chosen)

    def _set(self, request: Request, zone: Zone, name: str, kind: str) -> Reply:
        held = zone.sets.get((name.lower(), kind))
        if request.method == "GET":
            if held is None:
                raise Problem(404, "NotFound", f"The resource record '{name}' does not exist in {GROUP}.")
            return Reply(200, held)
        _check_preconditions(request, held)
        if request.method == "DELETE":
            self.drop(zone, name, kind)
            return Reply(200 if held else 204)
        properties = _checked(request.json(), name, kind)
        _check_cname(zone, name, kind)
        stored = self.store(zone, held["name"] if held else name, kind, properties)
        return Reply(200 if held else 201, stored)


def _zone_body(zone: Zone) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Network/dnszones/"
        f"{zone.name}",
        "name": zone.name,
        "type": "Microsoft.Network/dnszones",
        "location": "global",
        "tags": {},
        "etag": f"00000002-0000-0000-{zone.version:04d}-000000000000",
        "properties": {
            "maxNumberOfRecordSets": 10000,
            "maxNumberOfRecordsPerRecordSet": RECORDS,
            "numberOfRecordSets": len(zone.sets),
            "nameServers": ["ns1-01.azure-dns.com."],
            "zoneType": zone.zone_type,
        },
    }


def _check_preconditions(request: Request, held: dict[str, Any] | None) -> None:
    match, none_match = request.headers.get("if-match"), request.headers.get("if-none-match")
    if match is not None and (held is None or match not in {"*", held["etag"]}):
        raise Problem(412, "PreconditionFailed", "The condition '{{if-match}}' was not satisfied.")
    if none_match == "*" and held is not None:
        raise Problem(412, "PreconditionFailed", "The Record set exists already and hence cannot be created.")


def _check_cname(zone: Zone, name: str, kind: str) -> None:
    kinds = {other for other_name, other in zone.sets if other_name == name.lower()}
    if kind == "CNAME" and kinds - {"CNAME"}:
        raise Problem(
            409,
            "Conflict",
            "The CNAME record could not be created because another record with the same name already exists "
            "in this zone.",
        )
    if kind != "CNAME" and "CNAME" in kinds:
        raise Problem(
            409,
            "Conflict",
            "The record could not be created because a CNAME record with the same name already exists in "
            "this zone.",
        )


def _checked(body: Any, name: str, kind: str) -> dict[str, Any]:
    """The properties of a record set that somebody writes, as they are kept."""
    if not isinstance(body, dict) or body.keys() - {"properties", "etag"}:
        raise Problem(400, "InvalidRequestContent", f"Unknown members: {json.dumps(body)}", by_manager=True)
    properties = dict(body["properties"])
    records = properties.get(_FIELDS.get(kind, ""))
    if properties.keys() - {"TTL", "metadata", "targetResource", _FIELDS.get(kind)} or records is None:
        raise Problem(400, "BadRequest", f"Wrong properties for {kind}: {sorted(properties)}")
    if not isinstance(properties.get("TTL"), int) or not 1 <= properties["TTL"] <= 2**31 - 1:
        raise Problem(400, "BadRequest", "The value of TTL must be between 1 and 2147483647.")
    if isinstance(records, list) and len(records) > RECORDS:
        raise Problem(400, "BadRequest", f"A record set may not have more than {RECORDS} records.")
    if kind == "CNAME" and name == "@":
        raise Problem(400, "BadRequest", "CNAME record sets are not allowed at the zone apex.")
    _check_content(kind, records)
    return properties


def _check_content(kind: str, records: Any) -> None:
    if kind == "TXT":
        strings = [string for record in records for string in record["value"]]
        if any(not string or len(string) > 255 for string in strings):
            raise Problem(400, "BadRequest", "The value of a TXT record has to have 1 to 255 characters.")
        if sum(map(len, strings)) > CHARACTERS:
            text = "The combined length of all TXT records in a record set may not exceed 4096 characters."
            raise Problem(400, "BadRequest", text)
    names = [record["exchange"] for record in records] if kind == "MX" else []
    names += [records["cname"]] if kind == "CNAME" else []
    for domain in names:
        if _DOMAIN.fullmatch(domain) is None:
            raise Problem(400, "BadRequest", f"The domain name '{domain}' is invalid.")
