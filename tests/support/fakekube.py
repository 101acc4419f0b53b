"""A Kubernetes API in memory for tests of the operator: objects, versions, and a watch that may lag."""

from __future__ import annotations

import base64
import copy
import itertools
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.api import ApiError, Conflict, KubeApi, NotFound
from mailseal.kube.objects import StoredObject

Body = dict[str, Any]
Watcher = Callable[[str, Body], None]
_START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


class FakeKube:
    """What `KubeApi` calls, over objects that a test creates, changes and deletes like a user."""

    def __init__(self) -> None:
        self.objects: dict[ObjectKey, Body] = {}
        self.events: list[tuple[str, str, str]] = []
        """Name, reason and message of every Event."""
        self.writes = 0
        self.errors: deque[ApiError] = deque()
        """The next writes of the operator fail with these."""
        self.before_status: deque[Callable[[], None]] = deque()
        """The next status writes call these first, one each: somebody who is faster."""
        self.watchers: list[Watcher] = []
        self.delayed: list[tuple[str, Body]] | None = None
        """Not None: what the watch has not told yet."""
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        """The API server's clock."""
        self.clock_ahead = timedelta(0)
        """By how much it is wrong."""
        self._versions = itertools.count(1)

    @property
    def api(self) -> KubeApi:
        """This, where the operator wants its own client."""
        return cast("KubeApi", self)

    # What users do.

    def apply(
        self, kind: str, name: str, spec: Mapping[str, Any], namespace: str = "mail", **meta: Any
    ) -> None:
        """Create a resource, or replace its spec and parts of its metadata."""
        key = ObjectKey(kind, "" if kind == "ClusterDnsProvider" else namespace, name)
        known = self.objects.get(key)
        if known is None:
            number = next(self._versions)
            known = {
                "kind": kind,
                "metadata": {
                    "name": name,
                    **({"namespace": key.namespace} if key.namespace else {}),
                    "uid": f"uid-{number}",
                    "generation": 0,
                    "creationTimestamp": datetime.fromtimestamp(_START + number, UTC).isoformat(),
                },
            }
        changed = copy.deepcopy(known)
        changed["metadata"] |= meta
        if changed.get("spec") != spec:
            changed["spec"] = copy.deepcopy(dict(spec))
            changed["metadata"]["generation"] += 1
        self._store(key, changed, "MODIFIED" if key in self.objects else "ADDED")

    def annotate(self, key: ObjectKey, name: str, value: str) -> None:
        """Set an annotation."""
        changed = copy.deepcopy(self.objects[key])
        changed["metadata"].setdefault("annotations", {})[name] = value
        self._store(key, changed, "MODIFIED")

    def edit_data(self, key: ObjectKey, **files: bytes | None) -> None:
        """Set files of a Secret; a dot is written as two underscores, and None removes the file."""
        encoded = {
            name.replace("__", "."): None if file is None else base64.b64encode(file).decode()
            for name, file in files.items()
        }
        self._store(key, _merged(self.objects[key], {"data": encoded}), "MODIFIED")

    def set_labels(self, key: ObjectKey, labels: Mapping[str, str]) -> None:
        """Replace the labels of an object."""
        changed = copy.deepcopy(self.objects[key])
        changed["metadata"]["labels"] = dict(labels)
        self._store(key, changed, "MODIFIED")

    def set_status(self, key: ObjectKey, status: Mapping[str, Any]) -> None:
        """Replace the status of a resource: empty as after a restore from a backup."""
        changed = copy.deepcopy(self.objects[key])
        changed["status"] = dict(status)
        self._store(key, changed, "MODIFIED")

    def vanish(self, key: ObjectKey) -> None:
        """An object is gone, whatever its finalizers say."""
        body = copy.deepcopy(self.objects[key])
        body["metadata"] |= {"deletionTimestamp": "2026-03-15T12:00:00Z", "finalizers": []}
        self._store(key, body, "DELETED")

    def delete(self, key: ObjectKey) -> None:
        """Delete a resource, or mark it as deleted while it has finalizers."""
        changed = copy.deepcopy(self.objects[key])
        changed["metadata"]["deletionTimestamp"] = "2026-03-15T12:00:00Z"
        self._store(key, changed, "MODIFIED")

    def catch_up(self) -> None:
        """Have the watch tell what it has not told yet, and be prompt again."""
        waiting, self.delayed = self.delayed or [], None
        for kind, body in waiting:
            self._tell(kind, body)

    # What users see.

    def condition(self, key: ObjectKey, kind: str = "Ready") -> Body:
        """A condition of a resource; empty when it has none of that type or does not exist."""
        found = self.objects.get(key, {}).get("status", {}).get("conditions", ())
        return next((dict(condition) for condition in found if condition["type"] == kind), {})

    def is_ready(self, key: ObjectKey) -> bool:
        """True when Ready is True for the spec as it is now."""
        found = self.objects.get(key)
        return (
            found is not None
            and self.condition(key).get("status") == "True"
            and found["status"]["observedGeneration"] == found["metadata"]["generation"]
        )

    # What the operator calls.

    async def patch_status(self, resource: StoredObject, status: Mapping[str, Any]) -> Body:
        self._count_write()
        if self.before_status:
            self.before_status.popleft()()
        changed = copy.deepcopy(self._get(resource.key))
        merged = {**changed.get("status", {}), **copy.deepcopy(dict(status))}
        changed["status"] = {name: value for name, value in merged.items() if value is not None}
        return self._store(resource.key, changed, "MODIFIED")

    async def patch_finalizers(self, resource: StoredObject, finalizers: tuple[str, ...]) -> Body:
        self._count_write()
        changed = copy.deepcopy(self._get(resource.key))
        if changed["metadata"]["resourceVersion"] != str(resource.resource_version):
            raise Conflict("the object has been modified")
        changed["metadata"]["finalizers"] = list(finalizers)
        return self._store(resource.key, changed, "MODIFIED")

    async def get_secret(self, namespace: str, name: str) -> Body:
        return copy.deepcopy(self._get(ObjectKey("Secret", namespace, name)))

    async def create_secret(self, namespace: str, body: Mapping[str, Any]) -> Body:
        self._count_write()
        key = ObjectKey("Secret", namespace, body["metadata"]["name"])
        if key in self.objects:
            raise Conflict("the Secret exists")
        return self._store(key, copy.deepcopy(dict(body)), "ADDED")

    async def patch_secret(self, namespace: str, name: str, change: Mapping[str, Any]) -> Body:
        return self._patch(ObjectKey("Secret", namespace, name), change)

    async def get_config_map(self, namespace: str, name: str) -> Body:
        return copy.deepcopy(self._get(ObjectKey("ConfigMap", namespace, name)))

    async def create_config_map(self, namespace: str, body: Mapping[str, Any]) -> Body:
        self._count_write()
        key = ObjectKey("ConfigMap", namespace, body["metadata"]["name"])
        if key in self.objects:
            raise Conflict("the ConfigMap exists")
        return self._store(key, copy.deepcopy(dict(body)), "ADDED")

    async def patch_config_map(self, namespace: str, name: str, change: Mapping[str, Any]) -> Body:
        return self._patch(ObjectKey("ConfigMap", namespace, name), change)

    async def server_time(self) -> datetime:
        return (self.clock() + self.clock_ahead).replace(microsecond=0)

    async def create_event(
        self, resource: StoredObject, kind: str, reason: str, message: str, source: str
    ) -> None:
        self._count_write()
        self.events.append((resource.key.name, reason, message))

    def _count_write(self) -> None:
        if self.errors:
            raise self.errors.popleft()
        self.writes += 1

    def _patch(self, key: ObjectKey, change: Mapping[str, Any]) -> Body:
        self._count_write()
        known = self._get(key)
        version = known["metadata"]["resourceVersion"]
        if change.get("metadata", {}).get("resourceVersion", version) != version:
            raise Conflict(f"{key} has been modified")
        return self._store(key, _merged(known, change), "MODIFIED")

    def _get(self, key: ObjectKey) -> Body:
        if key not in self.objects:
            raise NotFound(f"{key} does not exist")
        return self.objects[key]

    def _store(self, key: ObjectKey, body: Body, event: str) -> Body:
        version = str(next(self._versions))
        body["metadata"] = {"uid": f"uid-{version}", **body["metadata"], "resourceVersion": version}
        if "deletionTimestamp" in body["metadata"] and not body["metadata"].get("finalizers"):
            self.objects.pop(key, None)
            event = "DELETED"
        else:
            self.objects[key] = body
        if self.delayed is None:
            self._tell(event, body)
        else:
            self.delayed.append((event, body))
        return copy.deepcopy(body)

    def _tell(self, event: str, body: Body) -> None:
        for watcher in self.watchers:
            watcher(event, copy.deepcopy(body))


def _merged(target: Mapping[str, Any], patch: Mapping[str, Any]) -> Body:
    """A merge patch in a JSON object (RFC 7396)."""
    result = copy.deepcopy(dict(target))
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            known = result.get(name)
            result[name] = _merged(known if isinstance(known, Mapping) else {}, value)
        else:
            result[name] = copy.deepcopy(value)
    return result
