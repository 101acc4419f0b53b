"""A proxy before every vendor's API: faults are put between, and each request that was made is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from mailseal.providers.base import Provider
from mailseal.records.names import DnsName
from support.backends.base import Harness
from support.servers.faultproxy import Fault, FaultProxy, Kind, Request

Look: TypeAlias = Callable[[Request], None]
MakesFault: TypeAlias = Callable[[Harness, Callable[[Request], bool]], Fault]
"""A fault of a backend for the requests that it concerns."""

_AWS_THROTTLE = (
    b'<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error>'
    b"<Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
)


class WatchedProxy(FaultProxy):
    """Calls `before` and `after` each request that reaches the server, before the client has its answer."""

    def __init__(self, upstream: tuple[str, int], before: Look, after: Look) -> None:
        super().__init__(upstream)
        self._before = before
        self._after = after

    def _forward(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        self._before(request)
        answer = super()._forward(request)
        self._after(request)
        return answer


def front_of(harness: Any, before: Look, after: Look) -> WatchedProxy:
    """A proxy before the API of `harness`."""
    parts = urlsplit(api_url(harness))
    return WatchedProxy((str(parts.hostname), int(parts.port or 80)), before, after)


def open_through(harness: Any, front: FaultProxy, zone: DnsName) -> Provider:
    """The provider of `harness` for one zone, all of whose DNS requests pass the proxy."""
    url = front.url + urlsplit(api_url(harness)).path
    place: dict[str, Any] = {"endpoint": url}
    if harness.name in {"powerdns-api", "webhook"}:
        place = {"url": url}
    elif harness.name == "octodns-powerdns":
        place = {"settings": {"host": "127.0.0.1", "port": urlsplit(url).port}}
    opener = harness.open_class if harness.name == "octodns-powerdns" else harness.open_with
    provider: Provider = opener(zones=[zone], **place)
    return provider


def api_url(harness: Any) -> str:
    """The base URL of the API behind the harness."""
    match harness.name:
        case "route53":
            return str(harness.aws.url)
        case "azure" | "google":
            return str(harness.server.api.url)
        case "powerdns-api" | "octodns-powerdns":
            return str(harness.server.api_url)
        case "webhook":
            return str(harness.webhook.url)
        case _:
            return str(harness.server.url)


def nth(front: FaultProxy, number: int) -> Callable[[Request], bool]:
    """True for the `number`th request from now on, counted from 0."""
    wanted = len(front.requests) + number + 1
    return lambda _request: len(front.requests) == wanted


def throttle(harness: Harness, concerns: Callable[[Request], bool]) -> Fault:
    """The backend wants fewer requests."""
    if harness.name == "route53":
        return Fault(Kind.ANSWER, 400, _AWS_THROTTLE, {"Content-Type": "text/xml"}, concerns=concerns)
    return Fault(Kind.ANSWER, 429, b"{}", {"Content-Type": "application/json"}, concerns=concerns)


def unavailable(_harness: Harness, concerns: Callable[[Request], bool]) -> Fault:
    """503, with nothing done."""
    return Fault(Kind.ANSWER, 503, b"down for maintenance", concerns=concerns)


def cut(_harness: Harness, concerns: Callable[[Request], bool]) -> Fault:
    """The connection is cut before the backend sees the request."""
    return Fault(Kind.CUT, concerns=concerns)


def lost_reply(_harness: Harness, concerns: Callable[[Request], bool]) -> Fault:
    """The backend does what is asked, and its answer never comes."""
    return Fault(Kind.LOSE_REPLY, concerns=concerns)


FAULTS: tuple[MakesFault, ...] = (throttle, unavailable, cut, lost_reply)
