"""Who asks: a client with the Secret's credentials, those of the process, or those of an assumed role."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mailseal.providers.base import AuthenticationFailed, Unavailable
from mailseal.providers.calls import Calls
from mailseal.providers.route53.errors import provider_error
from mailseal.providers.route53.sessions import route53_client, sts_client
from mailseal.providers.route53.settings import AccessKey, Role, Route53Settings

if TYPE_CHECKING:
    from mypy_boto3_route53.client import Route53Client

Result = TypeVar("Result")

RENEWED_BEFORE: Final = timedelta(minutes=5)
"""Credentials of a role are replaced so long before they expire."""
SESSION_NAME: Final = "mailseal"


@dataclass(frozen=True, slots=True)
class RoleSession:
    """What STS gave for a role."""

    key: AccessKey
    expires: datetime


def role_session(answer: Mapping[str, Any]) -> RoleSession:
    """The credentials in an answer of AssumeRole. Raises `Unavailable` when they are not all there."""
    try:
        given = answer["Credentials"]
        key = AccessKey(str(given["AccessKeyId"]), str(given["SecretAccessKey"]), str(given["SessionToken"]))
        expires = given["Expiration"]
    except (KeyError, TypeError):
        expires = None
    if not isinstance(expires, datetime) or expires.tzinfo is None:
        raise Unavailable("AssumeRole: the answer of STS holds no credentials")
    return RoleSession(key, expires)


class Identity:
    """The client to ask with; made at the first request, and anew before a role's credentials expire."""

    def __init__(
        self,
        settings: Route53Settings,
        calls: Calls,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._calls = calls
        self._now = now
        self._lock = asyncio.Lock()
        self._client: Route53Client | None = None
        self._expires: datetime | None = None

    async def client(self) -> Route53Client:
        """The client. Raises `AuthenticationFailed` or `Unavailable`, and what `Calls` raises."""
        async with self._lock:
            if self._client is None or self._is_stale():
                self._client = await self._opened()
            return self._client

    def forget_role(self) -> None:
        """Assume the role anew at the next request: AWS no longer takes its credentials."""
        if self._settings.role is not None:
            self._client = None

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def _is_stale(self) -> bool:
        return self._expires is not None and self._now() >= self._expires - RENEWED_BEFORE

    async def _opened(self) -> Route53Client:
        role, key = self._settings.role, self._settings.access_key
        if role is not None:
            session = await self._calls.read("AssumeRole", lambda: self._assume(role))
            key, self._expires = session.key, session.expires
        opening, limit = "opening the AWS SDK", self._settings.timeout.total_seconds()
        try:
            async with asyncio.timeout(limit):
                return await self._in_thread(lambda: route53_client(self._settings, key), opening)
        except TimeoutError:
            raise Unavailable(f"{opening}: no credentials of the process within {limit:g} s") from None

    async def _assume(self, role: Role) -> RoleSession:
        request = {"RoleArn": role.arn, "RoleSessionName": SESSION_NAME}
        if role.external_id is not None:
            request["ExternalId"] = role.external_id
        try:
            answer = await self._in_thread(
                lambda: sts_client(self._settings).assume_role(**request), f"AssumeRole of {role.arn}"
            )
        except AuthenticationFailed as error:
            raise AuthenticationFailed(
                f"{error}; the role's trust policy must name who asks, and the external id"
            ) from None
        return role_session(answer)

    async def _in_thread(self, work: Callable[[], Result], doing: str) -> Result:
        def guarded() -> Result:
            try:
                return work()
            except Exception as error:  # the SDK's parsers raise anything on an answer of nonsense
                raise provider_error(error, doing, writing=False) from None

        return await self._calls.in_thread(guarded)
