"""Custom resources as the operator keeps them in memory: only what decisions need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailseal.domain.common import API_VERSION, GROUP, RecordOwnerSpec
from mailseal.domain.specs import InvalidSpec, Spec, parse_spec
from mailseal.engine.objectkey import ObjectKey, provider_of
from mailseal.planning.model import Owner

FINALIZER = f"{GROUP}/records"
"""Holds a resource until its values are gone from DNS, and a provider until nobody needs it."""

PLURALS: Mapping[str, str] = {
    "MailDomain": "maildomains",
    "DkimKey": "dkimkeys",
    "NtaRecord": "ntarecords",
    "DnsProvider": "dnsproviders",
    "ClusterDnsProvider": "clusterdnsproviders",
}
RECORD_KINDS = frozenset({"MailDomain", "DkimKey", "NtaRecord"})
PROVIDER_KINDS = frozenset(PLURALS) - RECORD_KINDS


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One resource as last seen."""

    key: ObjectKey
    uid: str
    resource_version: int
    generation: int
    created: datetime
    deleting: bool
    finalizers: tuple[str, ...]
    annotations: Mapping[str, str]
    """Only those of `mailseal.dev/`."""
    spec: Spec | None
    invalid: str
    """Why `spec` is None: what is wrong and where."""
    status: Mapping[str, Any]
    part: str = ""
    """Which part of the resource this is, as `parts_of` makes them; empty for the whole, or for the first."""
    leaving: bool = False
    """True for the part of an NtaRecord at a domain that it is no longer for."""
    parts: list[StoredObject] = field(default_factory=list, init=False, compare=False, repr=False)
    """What `parts_of` made of it, kept since an NtaRecord may have a hundred of them."""

    @property
    def owner(self) -> Owner:
        """The resource, or the part, as planning knows it."""
        return Owner(self.key.kind, self.key.namespace, self.key.name, self.uid, self.created, self.part)

    @property
    def wants_nothing(self) -> bool:
        """True when what it published is to go."""
        return self.deleting or self.leaving

    @property
    def held(self) -> bool:
        """True when our finalizer is on it."""
        return FINALIZER in self.finalizers

    @property
    def finalizers_of_others(self) -> tuple[str, ...]:
        """All finalizers but ours."""
        return tuple(name for name in self.finalizers if name != FINALIZER)

    @property
    def provider_key(self) -> ObjectKey | None:
        """The provider that a record resource refers to; None for other or invalid resources."""
        if not isinstance(self.spec, RecordOwnerSpec):
            return None
        return provider_of(self.spec, self.key.namespace)

    def reference(self) -> dict[str, str]:
        """The object reference for an Event."""
        return {
            "apiVersion": API_VERSION,
            "kind": self.key.kind,
            "namespace": self.key.namespace,
            "name": self.key.name,
            "uid": self.uid,
        }

    def owner_reference(self) -> dict[str, object]:
        """The owner reference for a Secret that shall go with this resource."""
        return {
            "apiVersion": API_VERSION,
            "kind": self.key.kind,
            "name": self.key.name,
            "uid": self.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }


def stored(body: Mapping[str, Any]) -> StoredObject:
    """The part of a resource's body that the operator keeps. An invalid spec is kept as its fault."""
    meta = body["metadata"]
    key = ObjectKey(body["kind"], meta.get("namespace", ""), meta["name"])
    spec: Spec | None = None
    invalid = ""
    try:
        spec = parse_spec(key.kind, body.get("spec") or {})
    except InvalidSpec as error:
        invalid = str(error)
    return StoredObject(
        key=key,
        uid=meta["uid"],
        resource_version=int(meta["resourceVersion"]),
        generation=meta.get("generation", 0),
        created=datetime.fromisoformat(meta["creationTimestamp"]),
        deleting="deletionTimestamp" in meta,
        finalizers=tuple(meta.get("finalizers", ())),
        annotations={
            name: value
            for name, value in (meta.get("annotations") or {}).items()
            if name.startswith(f"{GROUP}/")
        },
        spec=spec,
        invalid=invalid,
        status=body.get("status") or {},
    )
