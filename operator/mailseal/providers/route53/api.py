"""The requests of the Route 53 API that mailseal sends, each with typed answers and typed errors.

No other operation is called: `OPERATIONS` is what an IAM policy has to allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mailseal.providers.base import AuthenticationFailed, Unavailable
from mailseal.providers.calls import Calls
from mailseal.providers.route53.errors import provider_error
from mailseal.providers.route53.identity import Identity
from mailseal.providers.route53.listing import Page, Position
from mailseal.providers.route53.recordsets import StoredSet
from mailseal.providers.route53.text import UnreadableText, name_of, text_of_name
from mailseal.records.names import DnsName

if TYPE_CHECKING:
    from mypy_boto3_route53.client import Route53Client
    from mypy_boto3_route53.type_defs import ChangeTypeDef

Result = TypeVar("Result")

LIST_ZONES: Final = "ListHostedZonesByName"
GET_ZONE: Final = "GetHostedZone"
LIST_SETS: Final = "ListResourceRecordSets"
CHANGE: Final = "ChangeResourceRecordSets"
GET_CHANGE: Final = "GetChange"
OPERATIONS: Final = (LIST_ZONES, GET_ZONE, LIST_SETS, CHANGE, GET_CHANGE)
ZONES_PER_PAGE: Final = "100"
SETS_PER_PAGE: Final = "300"
"""The most that the API gives at once; both are texts in its requests."""


@dataclass(frozen=True, slots=True)
class HostedZone:
    """A zone of the account; several may have one name."""

    id: str
    name: DnsName
    is_private: bool


@dataclass(frozen=True, slots=True)
class ChangeInfo:
    """A change that Route 53 accepted."""

    id: str
    in_sync: bool
    """All its name servers answer it."""


Item = TypeVar("Item", HostedZone, StoredSet)


class Route53Api:
    """One account. Each method is one request, sent through `Calls`; raises `ProviderError`s only."""

    def __init__(self, identity: Identity, calls: Calls) -> None:
        self._identity = identity
        self._calls = calls

    async def list_zones(self, start: Position) -> Page[HostedZone]:
        """Hosted zones from a name on, sorted as `Page` needs it."""
        request = {"DNSName": text_of_name(start.name), "MaxItems": ZONES_PER_PAGE}
        request |= dict(zip(("HostedZoneId",), start.within, strict=False))
        answer = await self._read(LIST_ZONES, lambda client: client.list_hosted_zones_by_name(**request))
        zones = _named(map(_hosted_zone, _list(answer, "HostedZones", LIST_ZONES)))
        return Page(start, zones, _next(answer, "NextDNSName", ("NextHostedZoneId",)))

    async def get_zone(self, zone_id: str) -> HostedZone:
        """One hosted zone. Raises `ZoneNotFound`."""
        answer = await self._read(GET_ZONE, lambda client: client.get_hosted_zone(Id=zone_id))
        return _hosted_zone(answer.get("HostedZone"))

    async def list_sets(self, zone_id: str, start: Position) -> Page[StoredSet]:
        """Record sets from a name on, as they are stored now. Raises `ZoneNotFound` when the zone is gone."""
        request: dict[str, Any] = {"HostedZoneId": zone_id, "MaxItems": SETS_PER_PAGE}
        request["StartRecordName"] = text_of_name(start.name)
        request |= dict(zip(("StartRecordType", "StartRecordIdentifier"), start.within, strict=False))
        answer = await self._read(LIST_SETS, lambda client: client.list_resource_record_sets(**request))
        sets = _named(map(StoredSet.parse, _list(answer, "ResourceRecordSets", LIST_SETS)))
        return Page(start, sets, _next(answer, "NextRecordName", ("NextRecordType", "NextRecordIdentifier")))

    async def change(self, zone_id: str, changes: Sequence[ChangeTypeDef]) -> ChangeInfo:
        """Make all changes or none. Raises `Raced`, `Refused`, `ZoneNotFound` and `OutcomeUnknown`."""
        answer = await self._send(
            CHANGE,
            lambda client: client.change_resource_record_sets(
                HostedZoneId=zone_id, ChangeBatch={"Comment": "mailseal", "Changes": changes}
            ),
            writing=True,
        )
        info = _mapping(answer.get("ChangeInfo"))
        return ChangeInfo(str(info.get("Id") or ""), info.get("Status") == "INSYNC")

    async def is_in_sync(self, change_id: str) -> bool:
        """True when all name servers of Route 53 answer what was changed."""
        answer = await self._read(GET_CHANGE, lambda client: client.get_change(Id=change_id))
        return _mapping(answer.get("ChangeInfo")).get("Status") == "INSYNC"

    def close(self) -> None:
        """Send nothing any more, and close the connections."""
        self._calls.close()
        self._identity.close()

    async def _read(self, operation: str, request: Callable[[Route53Client], Result]) -> Mapping[str, Any]:
        return await self._send(operation, request, writing=False)

    async def _send(
        self, operation: str, request: Callable[[Route53Client], Result], *, writing: bool
    ) -> Mapping[str, Any]:
        client = await self._identity.client()

        def guarded() -> Mapping[str, Any]:
            try:
                return _mapping(request(client))
            except Exception as error:  # the SDK's parsers raise anything on an answer of nonsense
                raise provider_error(error, operation, writing=writing) from None

        send = self._calls.write if writing else self._calls.read
        try:
            return await send(operation, lambda: self._calls.in_thread(guarded))
        except AuthenticationFailed:
            self._identity.forget_role()
            raise


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(answer: Mapping[str, Any], field: str, operation: str) -> list[Any]:
    found = answer.get(field)
    if not isinstance(found, list):
        raise Unavailable(f"{operation}: the answer has no {field}: something else than Route 53 answers")
    return found


def _hosted_zone(value: object) -> HostedZone:
    zone = _mapping(value)
    try:
        name, zone_id = name_of(str(zone["Name"])), str(zone["Id"]).removeprefix("/hostedzone/")
    except (KeyError, UnreadableText) as error:
        raise Unavailable(f"the answer names a hosted zone that cannot be read: {error}") from None
    return HostedZone(zone_id, name, bool(_mapping(zone.get("Config")).get("PrivateZone")))


def _named(items: Iterable[Item]) -> tuple[tuple[DnsName, Item], ...]:
    return tuple((item.name, item) for item in items)


def _next(answer: Mapping[str, Any], name_field: str, within_fields: Sequence[str]) -> Position | None:
    if not answer.get("IsTruncated"):
        return None
    try:
        name = name_of(str(answer[name_field]))
    except (KeyError, UnreadableText) as error:
        raise Unavailable(f"the answer does not say where its next page begins: {error}") from None
    return Position(name, tuple(str(answer[field]) for field in within_fields if answer.get(field)))
