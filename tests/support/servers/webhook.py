"""A webhook of external-dns' protocol in this process, with the oddities that webhooks have.

It behaves as api/webhook.yaml and docs/tutorials/webhook-provider.md of external-dns say, with switches for
what webhooks do differently.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from support.servers.vendorapi import Reply, Request

MEDIA_TYPE = "application/external.dns.webhook+json;version=1"
_PARTS = {"create", "updateOld", "updateNew", "delete"}

Body = dict[str, Any]


@dataclass
class Webhook:
    """Endpoints by name and type. The fields may be changed at any time."""

    domains: list[str] = field(default_factory=lambda: ["zone.example"])
    endpoints: dict[tuple[str, str], Body] = field(default_factory=dict)
    token: str = ""
    lists_ttls: bool = True
    types: frozenset[str] = frozenset({"TXT", "CNAME", "MX", "NS", "A"})
    """Those that are supported; others are accepted and ignored."""
    least_ttl: int = 0
    unquotes: bool = False
    """TXT targets are taken with quotes and listed without."""
    fails_at: str = ""
    """A name whose changes fail with 500, as those of the same request that come after."""

    def put(self, name: str, rtype: str, *targets: str, ttl: int = 3600, **more: object) -> None:
        """Hold an endpoint."""
        self.endpoints[name, rtype] = {
            "dnsName": name,
            "recordType": rtype,
            "targets": list(targets),
            "recordTTL": ttl,
            **more,
        }

    def targets(self, name: str, rtype: str = "TXT") -> list[str]:
        """What is held at a name."""
        return list(self.endpoints.get((name, rtype), {}).get("targets", ()))

    def __call__(self, request: Request) -> Reply:
        """Answer a request."""
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(401, {})
        match request.method, request.path:
            case "GET", "/":
                return _reply({"include": self.domains} if self.domains else {})
            case "GET", "/records":
                return _reply([self._shown(body) for body in self.endpoints.values()] or None)
            case "POST", "/adjustendpoints":
                return _reply([self._adjusted(body) for body in self._read(request)] or None)
            case "POST", "/records":
                return self._apply(self._read(request))
        return Reply(404, {})

    def _read(self, request: Request) -> Any:
        assert request.headers["content-type"] == MEDIA_TYPE
        return request.json()

    def _shown(self, body: Body) -> Body:
        hidden = set() if self.lists_ttls else {"recordTTL"}
        return {name: value for name, value in body.items() if name not in hidden}

    def _adjusted(self, body: Body) -> Body:
        return {**body, "recordTTL": max(self.least_ttl, body.get("recordTTL", 0))}

    def _apply(self, changes: Body) -> Reply:
        assert set(changes) <= _PARTS
        assert len(changes.get("updateOld", ())) == len(changes.get("updateNew", ()))
        for body in (*changes.get("create", ()), *changes.get("updateNew", ())):
            if body["dnsName"] == self.fails_at:
                return Reply(500)
            if body["recordType"] in self.types:
                self.endpoints[body["dnsName"], body["recordType"]] = {**body, "targets": self._stored(body)}
        for body in changes.get("delete", ()):
            self.endpoints.pop((body["dnsName"], body["recordType"]), None)
        return Reply(204)

    def _stored(self, body: Body) -> list[str]:
        return [each.strip('"') for each in body["targets"]] if self.unquotes else list(body["targets"])


def _reply(body: object) -> Reply:
    return Reply(200, body, {"Content-Type": MEDIA_TYPE}) if body is not None else Reply(200, b"null")
