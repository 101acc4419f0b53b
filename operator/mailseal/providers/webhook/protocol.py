"""The JSON of external-dns' webhook protocol: endpoints, changes and the domain filter. Pure.

Sources: external-dns' docs/tutorials/webhook-provider.md and api/webhook.yaml; the JSON tags of
endpoint.Endpoint, endpoint.DomainFilter and plan.Changes; provider/webhook/api/httpapi.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mailseal.providers.base import Unavailable
from mailseal.records.names import DnsName, InvalidName
from mailseal.records.rrset import MAX_TTL_SECONDS

MEDIA_TYPE: Final = "application/external.dns.webhook+json;version=1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a webhook says of one name and type."""

    name: DnsName
    rtype: str
    targets: tuple[str, ...]
    ttl_seconds: int
    """0: the webhook does not say."""
    set_identifier: str
    """Not empty where several endpoints of one name and type stand side by side by a routing policy."""
    body: Mapping[str, Any]
    """The JSON, which goes back as it came."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a webhook is to do; `update_old` and `update_new` belong together by position."""

    create: tuple[Mapping[str, Any], ...] = ()
    update_old: tuple[Mapping[str, Any], ...] = ()
    update_new: tuple[Mapping[str, Any], ...] = ()
    delete: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The body of POST /records."""
        parts = {
            "create": self.create,
            "updateOld": self.update_old,
            "updateNew": self.update_new,
            "delete": self.delete,
        }
        return {name: list(part) for name, part in parts.items() if part}


@dataclass(frozen=True, slots=True)
class DomainFilter:
    """Which names a webhook serves. Regular expressions are Go's and are not tried: they admit all."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    has_expression: bool = field(default=False)

    def zones(self) -> tuple[DnsName, ...]:
        """The names that are included, as zones; none where the webhook does not tell."""
        names = dict.fromkeys(name for entry in self.include if (name := _name(entry.lstrip("."))))
        return tuple(name for name in names if self.admits(name))

    def admits(self, zone: DnsName) -> bool:
        """True when names below `zone` are served."""
        if self.has_expression:
            return True
        included = not self.include or any(_covers(entry, zone) for entry in self.include)
        return included and not any(_covers(entry, zone) for entry in self.exclude)


def parse_domain_filter(body: object) -> DomainFilter:
    """The answer to GET /. Raises `Unavailable` when it is something else."""
    if not isinstance(body, Mapping):
        raise Unavailable("the answer to GET / is no domain filter: this is no webhook of external-dns")
    expressions = body.get("regexInclude"), body.get("regexExclude")
    return DomainFilter(_texts(body.get("include")), _texts(body.get("exclude")), any(expressions))


def parse_endpoints(body: object) -> tuple[Endpoint, ...]:
    """A list of endpoints; null is an empty one, as Go writes it. Raises `Unavailable` for anything else.

    Endpoints whose name is no domain name are left out: none of ours can be there.
    """
    if body is None:
        return ()
    if not isinstance(body, list) or not all(isinstance(each, Mapping) for each in body):
        raise Unavailable("the webhook's answer is no list of endpoints")
    return tuple(endpoint for each in body if (endpoint := _endpoint(each)) is not None)


def _endpoint(body: Mapping[str, Any]) -> Endpoint | None:
    name = _name(body.get("dnsName"))
    rtype, ttl, identifier = body.get("recordType"), body.get("recordTTL"), body.get("setIdentifier")
    if name is None or not isinstance(rtype, str):
        return None
    known_ttl = isinstance(ttl, int) and 0 < ttl <= MAX_TTL_SECONDS
    return Endpoint(
        name,
        rtype.upper(),
        _texts(body.get("targets")),
        int(ttl) if known_ttl and ttl is not None else 0,
        identifier if isinstance(identifier, str) else "",
        body,
    )


def _name(text: object) -> DnsName | None:
    if not isinstance(text, str) or not text:
        return None
    try:
        return DnsName.parse(text)
    except InvalidName:
        return None


def _texts(body: object) -> tuple[str, ...]:
    items: Iterable[object] = body if isinstance(body, Sequence) and not isinstance(body, str) else ()
    return tuple(each for each in items if isinstance(each, str))


def _covers(entry: str, zone: DnsName) -> bool:
    """An entry with a leading dot stands for the names below it: those of the zone are among them."""
    name = _name(entry.lstrip("."))
    return name is not None and zone.is_within(name)
