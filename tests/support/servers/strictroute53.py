r"""Moto's Route 53 made as strict as the real one where moto is lax.

Sources are the Amazon Route 53 API reference and Developer Guide; messages are as external-dns issues 330,
732, 2504 and 4774 show them.

- ChangeResourceRecordSets: moto looks into a journal instead of the zone, so that a CREATE of a set that
exists may pass, and a DELETE with other values too. Here a DELETE must repeat TTL and every value, a CREATE
must find nothing, CNAMEs stand alone, values obey the rules of their type, and a batch is one transaction. -
Limits ("Quotas on API requests"): 1,000 values, 32,000 characters, 4,000 characters in one value. -
ListResourceRecordSets and ListHostedZonesByName: moto sorts without the final dot, escapes nothing, and gives
all zones of exactly one name. Here the order is by reversed labels with the final dot, names come back in
lower case with octal escapes, and pages have the documented size and say where the next one begins. -
GetChange is PENDING as often as a test wants. - Moto takes any credentials. Here the access key must be known
and the operation allowed.
"""

from __future__ import annotations

import copy
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.route53 import urls
from moto.route53.exceptions import Route53ClientError
from moto.route53.models import RecordSet
from moto.route53.responses import Route53

CHARACTER = re.compile(r"\\([0-3][0-7]{2})|\\(.)|([^\\])", re.DOTALL)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"\s*')


@dataclass
class Account:
    """What one AWS account lets happen, and what happened."""

    keys: set[str] = field(default_factory=set)
    """Access keys that it knows."""
    denied: set[str] = field(default_factory=set)
    """Operations that no policy allows."""
    pending_answers: int = 0
    """How often GetChange says PENDING of a new change."""
    sets_per_page: int = 300
    zones_per_page: int = 100
    operations: Counter[str] = field(default_factory=Counter)
    changes: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


ACCOUNTS: dict[str, Account] = {}


def octets_of(text: str) -> bytes:
    """The octets of text with escapes; `\\.` and `.` are not told apart."""
    parts = CHARACTER.findall(text)
    return b"".join(
        bytes([int(octal, 8)]) if octal else (escaped or plain).encode() for octal, escaped, plain in parts
    )


def stored_name(text: str) -> str:
    """The name as the API gives it back."""
    labels = re.findall(r"(?:\\[0-3][0-7]{2}|\\.|[^\\.])+", text)
    shown = ("".join(_shown(octet) for octet in octets_of(label).lower()) for label in labels)
    return "".join(f"{label}." for label in shown)


def _shown(octet: int) -> str:
    character = chr(octet)
    return character if character in "abcdefghijklmnopqrstuvwxyz0123456789-_" else f"\\{octet:03o}"


def order_of(name: str) -> str:
    """`com.example.www.` for `www.example.com.`."""
    return "".join(f"{label}." for label in reversed(name.rstrip(".").split(".")))


class StrictRoute53(Route53):
    """The answers to requests of all accounts."""

    @property
    def account(self) -> Account:
        return ACCOUNTS.setdefault(self.current_account, Account())

    def call_action(self) -> Any:
        operation = self._get_action()
        self.account.operations[operation] += 1
        if self.account.keys and self.get_access_key() not in self.account.keys:
            message = "The security token included in the request is invalid."
            return self._refuse("InvalidClientTokenId", message)
        if operation in self.account.denied:
            return self._refuse(
                "AccessDenied",
                f"User: arn:aws:iam::{self.current_account}:user/mailseal is not authorized to perform: "
                f"route53:{operation} because no identity-based policy allows it",
            )
        return super().call_action()

    def _refuse(self, code: str, message: str) -> Any:
        body = (
            '<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
            f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            "<RequestId>0</RequestId></ErrorResponse>"
        )
        return 403, {"Content-Type": "text/xml", "status": 403}, body

    def list_hosted_zones_by_name(self) -> ActionResult:
        size = min(self._get_int_param("MaxItems", 100), self.account.zones_per_page)
        start = self._get_param("DNSName") or ""
        first = (order_of(stored_name(start)), self._get_param("HostedZoneId") or "")
        zones = sorted(self.backend.zones.values(), key=_zone_order)
        rest = [zone for zone in zones if _zone_order(zone) >= first]
        result: dict[str, Any] = {
            "HostedZones": [_with_name(zone, stored_name(zone.name)) for zone in rest[:size]],
            "IsTruncated": len(rest) > size,
            "MaxItems": size,
        }
        if len(rest) > size:
            result["NextDNSName"] = stored_name(rest[size].name)
            result["NextHostedZoneId"] = rest[size].resource_id
        return ActionResult(result)

    def list_resource_record_sets(self) -> ActionResult:
        zone = self.backend.get_hosted_zone(self._get_param("HostedZoneId"))
        asked = self._get_int_param("MaxItems", 300)
        start = [self._get_param(f"StartRecord{part}") or "" for part in ("Name", "Type", "Identifier")]
        if not 1 <= asked <= 300 or (start[1] and not start[0]):
            raise Route53ClientError("InvalidInput", "The input is not valid")
        size = min(asked, self.account.sets_per_page)
        first = (order_of(stored_name(start[0])) if start[0] else "", start[1], start[2])
        with self.account.lock:
            sets = sorted(map(_stored, zone.rrsets), key=_set_order)
        rest = [each for each in sets if _set_order(each) >= first]
        result = {"ResourceRecordSets": rest[:size], "IsTruncated": len(rest) > size, "MaxItems": size}
        if len(rest) > size:
            following = rest[size]
            result |= {"NextRecordName": following.name, "NextRecordType": following.type}
            if following.set_identifier:
                result["NextRecordIdentifier"] = following.set_identifier
        return ActionResult(result)

    def change_resource_record_sets(self) -> ActionResult:
        zone = self.backend.get_hosted_zone(self._get_param("HostedZoneId"))
        changes = self._get_param("ChangeBatch.Changes")
        check_limits(changes)
        with self.account.lock:
            sets = [_stored(each) for each in zone.rrsets]
            apex = stored_name(zone.name)
            faults = [fault for change in changes if (fault := make_change(apex, sets, change))]
            if faults:
                raise Route53ClientError("InvalidChangeBatch", f"[{', '.join(faults)}]")
            zone.rrsets = sets
            change_id = f"C{len(self.account.changes) + 1:013d}"
            self.account.changes[change_id] = self.account.pending_answers
        status = "PENDING" if self.account.pending_answers else "INSYNC"
        return ActionResult(
            {"ChangeInfo": {"Id": f"/change/{change_id}", "Status": status, "SubmittedAt": utcnow()}}
        )

    def get_change(self) -> ActionResult:
        change_id = self._get_param("Id").removeprefix("/change/")
        if change_id not in self.account.changes:
            raise Route53ClientError("NoSuchChange", f"Could not find resource with ID: {change_id}")
        left = self.account.changes[change_id]
        self.account.changes[change_id] = max(0, left - 1)
        return ActionResult(
            {
                "ChangeInfo": {
                    "Id": f"/change/{change_id}",
                    "Status": "PENDING" if left else "INSYNC",
                    "SubmittedAt": utcnow(),
                }
            }
        )


def install() -> None:
    """Let moto's server answer Route 53 strictly; before it starts."""
    urls.url_paths = dict.fromkeys(urls.url_paths, StrictRoute53.dispatch)


def check_limits(changes: list[dict[str, Any]]) -> None:
    """The quotas of one request; UPSERT counts twice."""
    values = [
        record["Value"]
        for change in changes
        for record in change["ResourceRecordSet"].get("ResourceRecords") or ()
        for _ in range(2 if change["Action"] == "UPSERT" else 1)
    ]
    if len(values) > 1000:
        raise Route53ClientError("InvalidChangeBatch", "[Number of records limit of 1000 exceeded.]")
    if sum(map(len, values)) > 32_000:
        raise Route53ClientError("InvalidChangeBatch", "[Number of characters limit of 32000 exceeded.]")
    if any(len(value) > 4_000 for value in values):
        raise Route53ClientError("InvalidInput", "Invalid XML ; the value is longer than 4000 characters")


def make_change(zone: str, sets: list[RecordSet], change: dict[str, Any]) -> str | None:
    """Make one change in `sets`, or say why it cannot be made."""
    action, wanted = change["Action"], change["ResourceRecordSet"]
    name, rtype = stored_name(wanted["Name"]), wanted["Type"]
    label = f"[name='{name}', type='{rtype}']"
    found = next((each for each in sets if _same_place(each, name, rtype, wanted)), None)
    if not f".{name}".endswith(f".{zone}"):
        return f"RRSet with DNS name {name} is not permitted in zone {zone}"
    if action == "DELETE":
        if found is None:
            return f"Tried to delete resource record set {label} but it was not found"
        if _content(found) != _wanted_content(wanted):
            return (
                f"Tried to delete resource record set {label} but the values provided do not match the "
                "current values"
            )
        sets.remove(found)
        return None
    if found is not None and action == "CREATE":
        return f"Tried to create resource record set {label} but it already exists"
    if found is not None:
        sets.remove(found)
    fault = _value_fault(rtype, wanted) or _conflict(zone, sets, name, rtype)
    if fault is None:
        texts = [record["Value"] for record in wanted.get("ResourceRecords") or ()]
        sets.append(RecordSet({**wanted, "Name": name, "ResourceRecords": texts}))
    return fault


def _conflict(zone: str, sets: list[RecordSet], name: str, rtype: str) -> str | None:
    others = [each for each in sets if each.name == name]
    if any(each.set_identifier and each.type == rtype for each in others):
        return (
            f"RRSet with DNS name {name}, type {rtype}, SetIdentifier null cannot be created because a "
            "weighted RRSet exists with the same name and type"
        )
    if rtype == "CNAME":
        if name == zone:
            return f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone}"
        if others:
            return (
                f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other "
                f"records with the same DNS name in zone {zone}"
            )
    elif any(each.type == "CNAME" for each in others):
        return (
            f"RRSet of type {rtype} with DNS name {name} is not permitted because a conflicting RRSet of "
            f"type  CNAME with the same DNS name already exists in zone {zone}"
        )
    return None


def _value_fault(rtype: str, wanted: dict[str, Any]) -> str | None:
    texts = [record["Value"] for record in wanted.get("ResourceRecords") or ()]
    if not texts and not wanted.get("AliasTarget"):
        return "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]]"
    if len(set(texts)) < len(texts):
        return f"Duplicate Resource Record: '{texts[0]}'"
    for text in texts if rtype == "TXT" else ():
        if any(not 0x20 <= ord(character) < 0x7F for character in text):
            return f"Invalid Resource Record: 'FATAL problem: UnsupportedCharacter encountered with '{text}'"
        if STRING.sub("", text) or not text:
            return (
                "Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed "
                f"in quotation marks) encountered with '{text[:20]}'"
            )
        if any(len(octets_of(string)) > 255 for string in STRING.findall(text)):
            return (
                "Invalid Resource Record: 'FATAL problem: CharacterStringTooLong (Value is too long) "
                f"encountered with '{text[:20]}'"
            )
    return None


def _same_place(stored: RecordSet, name: str, rtype: str, wanted: dict[str, Any]) -> bool:
    return (stored.name, stored.type, stored.set_identifier) == (name, rtype, wanted.get("SetIdentifier"))


def _content(stored: RecordSet) -> tuple[Any, ...]:
    return int(stored.ttl or 0), sorted(stored.records or ()), stored.alias_target


def _wanted_content(wanted: dict[str, Any]) -> tuple[Any, ...]:
    texts = sorted(record["Value"] for record in wanted.get("ResourceRecords") or ())
    return int(wanted.get("TTL") or 0), texts, wanted.get("AliasTarget")


def _set_order(stored: RecordSet) -> tuple[str, str, str]:
    return order_of(stored.name), stored.type or "", stored.set_identifier or ""


def _stored(record_set: RecordSet) -> RecordSet:
    """A copy in the form in which the API gives it back; moto's own SOA wraps its value once too often."""
    kept = copy.copy(record_set)
    kept.name = stored_name(record_set.name)
    kept.records = [
        record["Value"] if isinstance(record, dict) else record for record in record_set.records or ()
    ]
    return kept


def _zone_order(zone: Any) -> tuple[str, str]:
    return order_of(stored_name(zone.name)), zone.resource_id


def _with_name(zone: Any, name: str) -> Any:
    kept = copy.copy(zone)
    kept.name = name
    return kept
