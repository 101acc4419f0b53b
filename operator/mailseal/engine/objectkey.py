"""How a resource is named: in a cluster and in a manifest alike."""

from __future__ import annotations

from dataclasses import dataclass

from mailseal.domain.common import ProviderKind, RecordOwnerSpec


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """Kind, namespace and name; the namespace of a cluster-scoped resource is empty."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def provider_of(spec: RecordOwnerSpec, namespace: str) -> ObjectKey:
    """The provider that a record resource in `namespace` refers to."""
    ref = spec.provider_ref
    return ObjectKey(ref.kind, namespace if ref.kind is ProviderKind.DNS_PROVIDER else "", ref.name)
