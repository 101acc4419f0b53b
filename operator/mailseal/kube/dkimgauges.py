"""What DkimKeys say of the life of their keys, as gauges.

Times are in seconds since the epoch, so that a rule compares them with `time()`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prometheus_client.core import Metric

from mailseal.kube.gaugefamily import Sample, domain_of, family, moments
from mailseal.kube.objects import StoredObject
from mailseal.planning.keylife.model import KeyState

_RESOURCE = ("namespace", "name", "domain")
_KEY = (*_RESOURCE, "selector")
_Named = tuple[StoredObject, Mapping[str, Any]]
"""A key as the status of its DkimKey has it."""


def dkim_gauges(resources: Sequence[StoredObject]) -> Iterator[Metric]:
    """The families about DkimKeys and their keys."""
    dkim_keys = [resource for resource in resources if resource.key.kind == "DkimKey"]
    named = [(resource, key) for resource in dkim_keys for key in resource.status.get("keys", ())]
    yield from _resource_families(dkim_keys)
    yield from _key_families(named)
    yield from _time_families(named)


def _resource_families(dkim_keys: Sequence[StoredObject]) -> Iterator[Metric]:
    yield family(
        "mailseal_dkim_signing_keys",
        "How many keys the Secret tells the mail server to sign with.",
        _RESOURCE,
        ((_resource(resource), _signing_keys(resource)) for resource in dkim_keys),
    )
    yield family(
        "mailseal_dkim_next_rotation_timestamp_seconds",
        "When the next rotation begins; absent without an interval and while one is under way.",
        _RESOURCE,
        (
            (_resource(resource), moment)
            for resource in dkim_keys
            for moment in moments(resource.status.get("nextRotation"))
        ),
    )


def _key_families(named: Sequence[_Named]) -> Iterator[Metric]:
    yield family(
        "mailseal_dkim_key_state",
        "1 for the state that the key is in.",
        (*_KEY, "algorithm", "state"),
        (
            ((*_key(resource, key), str(key.get("algorithm", "")), key["state"]), 1)
            for resource, key in named
            if key.get("state")
        ),
    )
    yield family(
        "mailseal_dkim_key_size_bits",
        "Size of the key in bits.",
        (*_KEY, "algorithm"),
        (
            ((*_key(resource, key), str(key.get("algorithm", ""))), key["size"])
            for resource, key in named
            if key.get("size")
        ),
    )


def _time_families(named: Sequence[_Named]) -> Iterator[Metric]:
    yield family(
        "mailseal_dkim_key_state_timestamp_seconds",
        "Since when the key is in its state.",
        (*_KEY, "state"),
        _times(named, "since", with_state=True),
    )
    yield family(
        "mailseal_dkim_key_state_until_timestamp_seconds",
        "When the key's state ends by the clock; absent while something else has to happen first.",
        (*_KEY, "state"),
        _times(named, "until", with_state=True),
    )
    yield family(
        "mailseal_dkim_key_active_timestamp_seconds",
        "Since when the Secret tells the mail server to sign with the key; absent once it does not.",
        _KEY,
        _times([(resource, key) for resource, key in named if _is_active(key)], "since"),
    )
    yield family(
        "mailseal_dkim_key_published_timestamp_seconds",
        "Since when all authoritative servers answer the key's record.",
        ("kind", *_KEY),
        ((("DkimKey", *labels), moment) for labels, moment in _times(named, "publishedSince")),
    )


def _times(named: Sequence[_Named], field: str, *, with_state: bool = False) -> Iterator[Sample]:
    for resource, key in named:
        labels = _key(resource, key)
        for moment in moments(key.get(field)):
            yield (*labels, key.get("state", "")) if with_state else labels, moment


def _signing_keys(resource: StoredObject) -> int:
    return sum(_is_active(key) for key in resource.status.get("keys", ()))


def _is_active(key: Mapping[str, Any]) -> bool:
    return bool(key.get("state") == KeyState.ACTIVE)


def _resource(resource: StoredObject) -> tuple[str, str, str]:
    return (resource.key.namespace, resource.key.name, domain_of(resource))


def _key(resource: StoredObject, key: Mapping[str, Any]) -> tuple[str, ...]:
    return (*_resource(resource), str(key["selector"]))
