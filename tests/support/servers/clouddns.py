"""The part of the Cloud DNS API (v1) that DNS tools use, on 127.0.0.1, as its documentation describes it.

Pages on cloud.google.com: /dns/docs/reference/rest/v1/ with managedZones (list), resourceRecordSets (list:
`name`, `type`, paging; "rrdatas: as defined in RFC 1035 section 5 and RFC 1034 section 3.6.1") and changes
(create: all or nothing, a deletion repeats the set exactly); /dns/quotas (100 records in a set, 1,000
additions and deletions and 100,000 bytes of record data in a change). The token endpoint is that of
developers.google.com/identity/protocols/oauth2/service-account. Errors are those that users report: 412
conditionNotMet, 404 notFound for a deletion of nothing, 409 alreadyExists, 400
cnameResourceRecordSetConflict, and TXT values that come back quoted, each word without quotes being a string
of its own.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
from google.auth import crypt

from support.servers.vendorapi import Reply, Request, VendorServer

PROJECT = "zorg-dns-123456"
SCOPE = "https://www.googleapis.com/auth/ndev.clouddns.readwrite"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
RECORDS = 100
CHANGES = 1000
CHANGE_BYTES = 100_000
_PATH = re.compile(r"/dns/v1/projects/(?P<project>[^/]+)/managedZones(?:/(?P<zone>[^/]+)/(?P<what>[a-z]+))?")
_RECORD_SET = {"kind", "name", "type", "ttl", "rrdatas", "signatureRrdatas"}


class Problem(Exception):
    """An error answer."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        detail = {"message": message, "domain": "global", "reason": reason}
        self.body = {"error": {"code": status, "message": message, "errors": [detail]}}


@dataclass
class Zone:
    """A managed zone and its record sets by name and type."""

    name: str
    dns_name: str
    visibility: str = "public"
    sets: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    changes: int = 0


class CloudDnsServer:
    """The API with one project, and the token endpoint for one service account."""

    def __init__(self, account: str, public_key: str) -> None:
        self.zones: dict[str, Zone] = {}
        self.tokens: set[str] = set()
        self.page = 100
        self.account = account
        self.api = VendorServer(self._answer)
        self._verifier = crypt.RSAVerifier.from_string(public_key)
        self._numbers = itertools.count(1)

    @property
    def token_uri(self) -> str:
        """Where service accounts get tokens."""
        return f"{self.api.url}/token"

    def add_zone(self, name: str, dns_name: str, visibility: str = "public") -> Zone:
        """Make a managed zone with its SOA and NS record sets."""
        zone = self.zones[name] = Zone(name, dns_name, visibility)
        self.store(zone, dns_name, "NS", 21600, ["ns-cloud-a1.googledomains.com."])
        soa = "ns-cloud-a1.googledomains.com. cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300"
        self.store(zone, dns_name, "SOA", 21600, [soa])
        return zone

    def store(self, zone: Zone, name: str, kind: str, ttl: int, rrdatas: list[str]) -> None:
        """Keep a record set as it is; nothing is checked."""
        zone.changes += 1
        zone.sets[name.lower(), kind] = {
            "kind": "dns#resourceRecordSet",
            "name": name,
            "type": kind,
            "ttl": ttl,
            "rrdatas": rrdatas,
            "signatureRrdatas": [],
        }

    def close(self) -> None:
        """Stop listening."""
        self.api.close()

    def _answer(self, request: Request) -> Reply:
        if request.path == "/token":
            return self._token(request)
        try:
            return self._routed(request)
        except Problem as problem:
            return Reply(problem.status, problem.body)

    def _token(self, request: Request) -> Reply:
        form = parse_qs(request.content.decode())
        head, claims, signature = form["assertion"][0].split(".")
        asked = json.loads(_unpacked(claims))
        if not self._verifier.verify(f"{head}.{claims}".encode(), _unpacked(signature)):
            return Reply(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        if (form["grant_type"], asked["iss"], asked["scope"]) != ([JWT_GRANT], self.account, SCOPE):
            return Reply(
                400, {"error": "invalid_grant", "error_description": "Not a valid email or user ID."}
            )
        token = f"ya29.token-{next(self._numbers)}"
        self.tokens.add(token)
        return Reply(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _routed(self, request: Request) -> Reply:
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            raise Problem(401, "authError", "Request had invalid authentication credentials.")
        found = _PATH.fullmatch(request.path)
        if found is None or found["project"] != PROJECT:
            raise Problem(403, "forbidden", "Forbidden")
        if found["zone"] is None:
            return self._page(request, "managedZones", [_zone_body(zone) for zone in self.zones.values()])
        zone = self.zones.get(found["zone"])
        if zone is None:
            text = f"The 'parameters.managedZone' resource named '{found['zone']}' does not exist."
            raise Problem(404, "notFound", text)
        if found["what"] == "rrsets":
            name = request.query.get("name", "").lower()
            chosen = [held for (owner, _), held in zone.sets.items() if not name or owner == name]
            return self._page(request, "rrsets", chosen)
        return Reply(200, self._change(zone, request.json()))

    def _page(self, request: Request, member: str, bodies: list[dict[str, Any]]) -> Reply:
        if request.query.keys() - {"name", "type", "pageToken", "maxResults"}:
            raise Problem(400, "badRequest", "Unknown query parameter.")
        start = int(request.query.get("pageToken", "0"))
        body: dict[str, Any] = {
            "kind": f"dns#{member}ListResponse",
            member: bodies[start : start + self.page],
        }
        if start + self.page < len(bodies):
            body["nextPageToken"] = str(start + self.page)
        return Reply(200, body)

    def _change(self, zone: Zone, body: dict[str, Any]) -> dict[str, Any]:
        if body.keys() - {"kind", "additions", "deletions"}:
            raise Problem(400, "invalid", f"Unknown names: {sorted(body)}")
        additions, deletions = body.get("additions", []), body.get("deletions", [])
        _check_size(additions, deletions)
        removed = [
            _checked(zone, entry, f"entity.change.deletions[{n}]") for n, entry in enumerate(deletions)
        ]
        added = [_checked(zone, entry, f"entity.change.additions[{n}]") for n, entry in enumerate(additions)]
        zone.sets = _changed(zone, removed, added)
        zone.changes += 1
        return {
            "kind": "dns#change",
            "additions": added,
            "deletions": removed,
            "startTime": "2026-11-24T12:00:00.000Z",
            "id": str(zone.changes),
            "status": "pending",
        }


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _zone_body(zone: Zone) -> dict[str, Any]:
    return {
        "kind": "dns#managedZone",
        "name": zone.name,
        "dnsName": zone.dns_name,
        "description": "",
        "id": str(abs(hash(zone.name))),
        "nameServers": ["ns-cloud-a1.googledomains.com."],
        "visibility": zone.visibility,
    }


def _check_size(additions: list[dict[str, Any]], deletions: list[dict[str, Any]]) -> None:
    data = sum(len(text) for entry in (*additions, *deletions) for text in entry.get("rrdatas", ()))
    if max(len(additions), len(deletions)) > CHANGES or data > CHANGE_BYTES:
        raise Problem(403, "quotaExceeded", "The change is larger than totalRrdataSizePerChange.")


def _checked(zone: Zone, entry: dict[str, Any], where: str) -> dict[str, Any]:
    """A record set that somebody sends, in the form in which it is kept."""
    name, kind, ttl, rrdatas = (entry.get(member) for member in ("name", "type", "ttl", "rrdatas"))
    if (
        entry.keys() - _RECORD_SET
        or not isinstance(name, str)
        or not isinstance(rrdatas, list)
        or not rrdatas
    ):
        raise Problem(400, "invalid", f"Invalid value for '{where}'")
    if not f".{name.lower()}".endswith(f".{zone.dns_name}"):
        raise Problem(400, "invalid", f"Invalid value for '{where}.name': '{name}'")
    if not isinstance(ttl, int) or not 0 <= ttl < 2**31:
        raise Problem(400, "invalid", f"Invalid value for '{where}.ttl': '{ttl}'")
    if len(rrdatas) > RECORDS or (kind == "CNAME" and len(rrdatas) > 1):
        raise Problem(400, "invalid", f"Invalid value for '{where}.rrdata': too many")
    texts = [_canonical(str(kind), text, f"{where}.rrdata[{n}]") for n, text in enumerate(rrdatas)]
    return {
        "kind": "dns#resourceRecordSet",
        "name": name,
        "type": kind,
        "ttl": ttl,
        "rrdatas": texts,
        "signatureRrdatas": [],
    }


def _canonical(kind: str, text: str, where: str) -> str:
    try:
        rdata = dns.rdata.from_text(dns.rdataclass.IN, kind, text, origin=None, relativize=False)
    except (dns.exception.DNSException, ValueError):
        raise Problem(400, "invalid", f"Invalid value for '{where}': '{text}'") from None
    target = getattr(rdata, "exchange", getattr(rdata, "target", dns.name.root))
    if not target.is_absolute():
        raise Problem(400, "invalid", f"Invalid value for '{where}': '{text}'")
    return rdata.to_text()


def _changed(
    zone: Zone, removed: list[dict[str, Any]], added: list[dict[str, Any]]
) -> dict[tuple[str, str], dict[str, Any]]:
    sets = dict(zone.sets)
    for number, entry in enumerate(removed):
        key = (entry["name"].lower(), entry["type"])
        label = f"{entry['name']} ({entry['type']})"
        if key not in sets:
            text = f"The 'entity.change.deletions[{number}]' resource named '{label}' does not exist."
            raise Problem(404, "notFound", text)
        held = sets.pop(key)
        if held["ttl"] != entry["ttl"] or _compared(held) != _compared(entry):
            text = f"Precondition not met for 'entity.change.deletions[{number}]'"
            raise Problem(412, "conditionNotMet", text)
    for number, entry in enumerate(added):
        key = (entry["name"].lower(), entry["type"])
        if key in sets:
            label = f"{entry['name']} ({entry['type']})"
            text = f"The resource 'entity.change.additions[{number}]' named '{label}' already exists"
            raise Problem(409, "alreadyExists", text)
        sets[key] = entry
    for number, entry in enumerate(added):
        _check_cname(sets, entry, number)
    return sets


def _compared(entry: dict[str, Any]) -> list[str]:
    return sorted(_canonical(entry["type"], text, "").lower() for text in entry["rrdatas"])


def _check_cname(sets: dict[tuple[str, str], dict[str, Any]], entry: dict[str, Any], number: int) -> None:
    kinds = {kind for name, kind in sets if name == entry["name"].lower()}
    if "CNAME" in kinds and len(kinds) > 1:
        raise Problem(
            400,
            "cnameResourceRecordSetConflict",
            f"The resource record set 'entity.change.additions[{number}]' is invalid because the DNS name "
            f"'{entry['name']}' may have either one CNAME resource record set or resource record sets of "
            "other types, but not both.",
        )
