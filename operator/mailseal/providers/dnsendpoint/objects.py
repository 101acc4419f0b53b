"""DNSEndpoint resources as RRsets and back. Pure.

One object holds all sets of a zone, so that its resourceVersion guards a whole batch and a batch is written
as one. external-dns merges the targets of all DNSEndpoints that have the same name, type and TTL
(endpoint.MergeEndpoints): values of others at a shared name may therefore stand in an object of theirs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mailseal.providers.base import ProviderError
from mailseal.providers.webhook.changes import endpoint_body
from mailseal.providers.webhook.listing import Listing
from mailseal.providers.webhook.protocol import parse_endpoints
from mailseal.providers.webhook.txtforms import TxtForm
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

API_VERSION: Final = "externaldns.k8s.io/v1alpha1"
KIND: Final = "DNSEndpoint"
MANAGED_BY: Final = {"app.kubernetes.io/managed-by": "mailseal"}
WITHDRAWN: Final = "mailseal.dev/withdrawn"
"""Annotation with the sets that were taken out and may still be answered, as endpoints in JSON."""
_WITHDRAWN_KEPT: Final = 500
_LONGEST_NAME: Final = 63
_PLAIN_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class ZoneObjects:
    """What the DNSEndpoints of a namespace say of one zone."""

    ours: Listing
    theirs: Listing
    """What all other objects say."""
    withdrawn: Listing
    body: Mapping[str, Any] = field(default_factory=dict)
    """Our object, or nothing when there is none."""


def object_name(zone: DnsName) -> str:
    """The name of the object of a zone: readable where the name allows it, and always unique."""
    name = f"mailseal-{zone}"
    if len(name) <= _LONGEST_NAME and _PLAIN_NAME.fullmatch(name):
        return name
    return f"mailseal-{hashlib.sha256(zone.encode()).hexdigest()[:32]}"


def read_objects(zone: DnsName, bodies: Sequence[Mapping[str, Any]], form: TxtForm) -> ZoneObjects:
    """Sort all objects of a namespace. What is not readable in an object of others is left out."""
    name = object_name(zone)
    ours = next((body for body in bodies if _metadata(body).get("name") == name), {})
    others = [body for body in bodies if _metadata(body).get("name") != name]
    return ZoneObjects(
        Listing(parse_endpoints(_endpoints(ours)), form),
        Listing((each for body in others for each in parse_endpoints(_endpoints(body))), form),
        Listing(parse_endpoints(_withdrawn(ours)), form),
        ours,
    )


def write_object(
    zone: DnsName,
    held: ZoneObjects,
    changed: Mapping[RRsetKey, RRset | None],
    labels: Mapping[str, str],
    form: TxtForm,
) -> dict[str, Any]:
    """Our object with the sets of `changed` replaced, or taken out where they are None.

    Raises `Refused` for a value that the form cannot hold.
    """
    old = _by_key(_endpoints(held.body))
    kept = {key: body for key, body in old.items() if key not in _identities(changed)}
    new = {_identity(key): endpoint_body(rrset, form) for key, rrset in changed.items() if rrset is not None}
    gone = {_identity(key): old[_identity(key)] for key in changed if _identity(key) in old}
    withdrawn = _by_key(_withdrawn(held.body)) | gone
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": _new_metadata(zone, held.body, labels, [w for k, w in withdrawn.items() if k not in new]),
        "spec": {"endpoints": [body for _, body in sorted({**kept, **new}.items())]},
    }


def _new_metadata(
    zone: DnsName, body: Mapping[str, Any], labels: Mapping[str, str], withdrawn: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    old = {name: value for name, value in _metadata(body).items() if name != "managedFields"}
    annotations = {**(old.get("annotations") or {}), WITHDRAWN: json.dumps(withdrawn[-_WITHDRAWN_KEPT:])}
    if not withdrawn:
        del annotations[WITHDRAWN]
    return {
        **old,
        "name": object_name(zone),
        "labels": {**(old.get("labels") or {}), **MANAGED_BY, **labels},
        "annotations": annotations,
    }


def _by_key(endpoints: object) -> dict[tuple[str, str], Mapping[str, Any]]:
    bodies: Iterable[Any] = endpoints if isinstance(endpoints, list) else ()
    return {(str(body.get("dnsName")), str(body.get("recordType"))): body for body in bodies}


def _identity(key: RRsetKey) -> tuple[str, str]:
    return str(key.name), str(key.rtype)


def _identities(keys: Iterable[RRsetKey]) -> set[tuple[str, str]]:
    return {_identity(key) for key in keys}


def _metadata(body: Mapping[str, Any]) -> Mapping[str, Any]:
    found = body.get("metadata")
    return found if isinstance(found, Mapping) else {}


def _endpoints(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    spec = body.get("spec")
    found = spec.get("endpoints") if isinstance(spec, Mapping) else None
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _withdrawn(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Nothing where somebody spoiled the annotation: then what is answered counts as somebody else's."""
    try:
        found = json.loads((_metadata(body).get("annotations") or {}).get(WITHDRAWN, "[]"))
        parse_endpoints(found)
    except (ValueError, TypeError, AttributeError, RecursionError, ProviderError):
        return []
    return found if isinstance(found, list) else []
