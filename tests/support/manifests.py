"""Valid resources of every kind, and how to change one into another."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from mailseal.domain.common import API_VERSION

REMOVED = object()
"""As a change: take the field out."""

_OWNER = {"domain": "zorg-voorbeeld.example", "providerRef": {"name": "zone"}}
_RFC2136 = {
    "type": "rfc2136",
    "rfc2136": {"server": "192.0.2.53", "tsigKeyName": "mailseal-key"},
    "credentialsSecretRef": {"name": "zone-tsig"},
}
VALID: Mapping[str, Mapping[str, Any]] = {
    "MailDomain": {
        **_OWNER,
        "spf": {"mechanisms": ["ip4:192.0.2.0/24"]},
        "dmarc": {"policy": "reject", "rua": ["mailto:dmarc@zorg-voorbeeld.example"]},
    },
    "DkimKey": {**_OWNER},
    "NtaRecord": {
        **_OWNER,
        "provider": "zorgmail",
        "declaration": {"signedOn": "2026-09-14", "reference": "ISMS-041"},
    },
    "DnsProvider": _RFC2136,
    "ClusterDnsProvider": {**_RFC2136, "allowedNamespaces": ["zorg"]},
}
"""A valid spec of every kind with little more than what is required."""


def spec_of(kind: str, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The valid spec with each dotted path in `changes` set to its value, or taken out for `REMOVED`."""
    spec: dict[str, Any] = copy.deepcopy(dict(VALID[kind]))
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        part = spec
        for parent in parents:
            part = part.setdefault(parent, {})
        if value is REMOVED:
            del part[last]
        else:
            part[last] = value
    return spec


def manifest(kind: str, name: str, spec: Mapping[str, Any]) -> str:
    """The resource as JSON, which kubectl reads like YAML."""
    return json.dumps(
        {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": dict(spec)}
    )
