"""The four requests of the webhook protocol, with the errors of a provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from mailseal.providers.base import (
    AuthenticationFailed,
    BatchTooLarge,
    InvalidConfiguration,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Refused,
    Unavailable,
)
from mailseal.providers.budget import Rate
from mailseal.providers.calls import CallLimits, Calls
from mailseal.providers.http import Answer, HttpApi
from mailseal.providers.surroundings import Surroundings
from mailseal.providers.webhook.protocol import (
    MEDIA_TYPE,
    Changes,
    DomainFilter,
    Endpoint,
    parse_domain_filter,
    parse_endpoints,
)
from mailseal.providers.webhook.settings import WebhookSettings

_RATE: Final = Rate(per_second=10, burst=20)
"""Each request lists all that a webhook has: a kindness to the backend behind it."""
_NOT_ADJUSTED: Final = frozenset({404, 405, 501})
_CONTENT: Final = {"Content-Type": MEDIA_TYPE}


class WriteFailed(Refused):
    """The webhook failed at these changes, and made none of them; its log says why."""

    reason = "WriteFailed"
    retryable = True


class WebhookClient:
    """One webhook. Every method raises a `ProviderError` and nothing else."""

    def __init__(self, settings: WebhookSettings, surroundings: Surroundings) -> None:
        headers = {"Accept": MEDIA_TYPE}
        if settings.token:
            headers["Authorization"] = f"Bearer {settings.token}"
        self.where = f"the webhook at {settings.url}"
        self._api = HttpApi(settings.url, surroundings.reach, headers, settings.timeout.total_seconds())
        self._calls = Calls(
            surroundings,
            surroundings.budgets.of(f"webhook:{settings.url}", _RATE),
            CallLimits(settings.timeout + timedelta(seconds=1)),
        )

    async def negotiate(self) -> DomainFilter:
        """Which names the webhook serves."""

        async def request() -> DomainFilter:
            answer = await self._api.ask("/")
            self._check(answer, "GET /")
            return parse_domain_filter(answer.json())

        return await self._calls.read("Negotiate", request)

    async def records(self) -> tuple[Endpoint, ...]:
        """All that the webhook lists, of all zones."""

        async def request() -> tuple[Endpoint, ...]:
            answer = await self._api.ask("/records")
            self._check(answer, "GET /records")
            return parse_endpoints(answer.json())

        return await self._calls.read("Records", request)

    async def adjust(self, endpoints: Sequence[Mapping[str, Any]]) -> tuple[Endpoint, ...]:
        """What the webhook makes of endpoints that are to be written; it changes nothing yet."""

        async def request() -> tuple[Endpoint, ...]:
            try:
                answer = await self._api.change("POST", "/adjustendpoints", list(endpoints), _CONTENT)
            except OutcomeUnknown as error:
                raise Unavailable(str(error)) from None
            if answer.status in _NOT_ADJUSTED:
                return parse_endpoints(list(endpoints))
            self._check(answer, "POST /adjustendpoints", Refused)
            return parse_endpoints(answer.json())

        return await self._calls.read("AdjustEndpoints", request)

    async def apply(self, changes: Changes) -> None:
        """Have the changes made. Raises `WriteFailed` when the webhook says that it could not, although some
        of them may have been made."""

        async def request() -> None:
            answer = await self._api.change("POST", "/records", changes.to_json(), _CONTENT)
            if answer.status >= 500:
                raise WriteFailed(
                    f"{self.where} answers {answer.status} to a change; its log says what is wrong with it"
                )
            self._check(answer, "POST /records", Refused)

        await self._calls.write("ApplyChanges", request)

    async def close(self) -> None:
        """Close all connections."""
        self._calls.close()
        await self._api.close()

    def _check(
        self, answer: Answer, request: str, refusal: type[ProviderError] = InvalidConfiguration
    ) -> None:
        """Raise the error that a status stands for, unless it is a success."""
        status = answer.status
        if 200 <= status < 300:
            return
        said = f"{self.where} answers {status} to {request}"
        if status in {401, 403}:
            raise AuthenticationFailed(f"{said}: give the Secret's key token what it accepts")
        if status == 429:
            raise RateLimited(said, answer.retry_after())
        if status == 413:
            raise BatchTooLarge(said)
        if status >= 500:
            raise Unavailable(f"{said}; its log says why")
        if status == 404 or status < 400:
            raise InvalidConfiguration(f"{said}: no webhook of external-dns is there; check url")
        raise refusal(f"{said}; its log says why")
