"""Resources as the API server shows them, for tests of what the operator makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mailseal.domain.common import API_VERSION
from mailseal.kube.objects import StoredObject, stored

CREATED = "2026-01-01T00:00:00Z"
_SPECS: Mapping[str, Mapping[str, Any]] = {
    "MailDomain": {"spf": {"mechanisms": ["mx"]}},
    "DkimKey": {},
    "NtaRecord": {
        "provider": "zorgmail",
        "ntamx": [{"preference": 10, "host": "relay.zorgmail.nl"}],
        "prerequisites": [],
    },
}


def body(
    kind: str = "MailDomain",
    name: str = "main",
    *,
    spec: Mapping[str, Any] | None = None,
    status: Any = None,
    version: int = 1,
    **metadata: Any,
) -> dict[str, Any]:
    """The body of a resource of example.nl; `spec` adds to what the kind needs, or takes it out with None."""
    needed: Mapping[str, Any] = {}
    if kind in _SPECS:
        needed = {"domain": "example.nl", "providerRef": {"name": "dns"}, **_SPECS[kind]}
    fields = {**needed, **(spec or {})}
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {
            "namespace": "mail",
            "name": name,
            "uid": f"uid-{name}",
            "resourceVersion": str(version),
            "generation": 1,
            "creationTimestamp": CREATED,
            **metadata,
        },
        "spec": {name: value for name, value in fields.items() if value is not None},
        **({} if status is None else {"status": status}),
    }


def resource(kind: str = "MailDomain", name: str = "main", **fields: Any) -> StoredObject:
    """The same as the operator keeps it."""
    return stored(body(kind, name, **fields))
