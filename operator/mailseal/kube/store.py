"""The resources that the operator knows of, with the indices that a sync needs."""

from __future__ import annotations

from typing import Final

from mailseal.domain.common import RecordOwnerSpec
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.objects import StoredObject
from mailseal.kube.parts import domain_of, parts_of, providers_of
from mailseal.records.names import DnsName

GONE_REMEMBERED: Final = 10_000
"""How many resources that are gone are remembered: more than a watch that lags can still show."""


class Store:
    """All resources by key, provider and domain. Filled by the watch and by the operator's own writes."""

    def __init__(self) -> None:
        self._objects: dict[ObjectKey, StoredObject] = {}
        self._by_provider: dict[ObjectKey, set[ObjectKey]] = {}
        self._by_domain: dict[DnsName, set[ObjectKey]] = {}
        self._gone: dict[str, None] = {}
        """The uids of resources that do not exist any more, the latest last."""

    def put(self, seen: StoredObject) -> bool:
        """Keep `seen`; True when it is news, False for an echo of our own write or an old version.

        We may know that a resource is gone before a watch that lags shows what it was last.
        """
        known = self._objects.get(seen.key)
        if seen.uid in self._gone:
            return False
        if known and seen.resource_version <= known.resource_version:
            return False
        self._unindex(known)
        self._objects[seen.key] = seen
        self._index(seen)
        return known is None or _essence(known) != _essence(seen)

    def put_answer(self, seen: StoredObject) -> None:
        """Keep the answer to our own write of a status.

        One that shows more than what we wrote is left to the watch, which brings it as the news that it is.
        """
        known = self._objects.get(seen.key)
        if known and _wish(known) == _wish(seen):
            self.put(seen)

    def remove(self, key: ObjectKey, uid: str) -> bool:
        """Forget the resource for good; False where another one has taken its name by now."""
        self._gone[uid] = None
        if len(self._gone) > GONE_REMEMBERED:
            del self._gone[next(iter(self._gone))]
        known = self._objects.get(key)
        if known is None or known.uid != uid:
            return False
        self._unindex(self._objects.pop(key))
        return True

    def get(self, key: ObjectKey) -> StoredObject | None:
        """The resource, or None when it does not exist."""
        return self._objects.get(key)

    def of_provider(self, provider: ObjectKey) -> frozenset[ObjectKey]:
        """The record resources that refer to `provider`."""
        return frozenset(self._by_provider.get(provider, ()))

    def at_domain(self, domain: DnsName) -> list[StoredObject]:
        """The record resources that have records at `domain`, by any provider, in the order of their keys."""
        return [self._objects[key] for key in sorted(self._by_domain.get(domain, ()))]

    def about_domain(self, domain: DnsName) -> list[StoredObject]:
        """The record resources whose mail domain is `domain`."""
        return [found for found in self.at_domain(domain) if domain_of(found) == domain]

    def objects(self) -> list[StoredObject]:
        """All resources."""
        return list(self._objects.values())

    def _index(self, seen: StoredObject) -> None:
        if not isinstance(seen.spec, RecordOwnerSpec):
            return
        for provider in providers_of(seen):
            self._by_provider.setdefault(provider, set()).add(seen.key)
        for part in parts_of(seen):
            self._by_domain.setdefault(domain_of(part), set()).add(seen.key)

    def _unindex(self, known: StoredObject | None) -> None:
        if known is None or not isinstance(known.spec, RecordOwnerSpec):
            return
        for provider in providers_of(known):
            _discard(self._by_provider, provider, known.key)
        for part in parts_of(known):
            _discard(self._by_domain, domain_of(part), known.key)


def _essence(resource: StoredObject) -> tuple[object, ...]:
    """What must differ before a resource is worked on again."""
    return (*_wish(resource), resource.invalid, resource.status)


def _wish(resource: StoredObject) -> tuple[object, ...]:
    """What others than the writer of the status decide."""
    return (
        resource.uid,
        resource.generation,
        resource.deleting,
        resource.held,
        resource.annotations,
    )


def _discard(index: dict, group: object, key: ObjectKey) -> None:  # type: ignore[type-arg]
    members = index.get(group)
    if members is not None:
        members.discard(key)
        if not members:
            del index[group]
