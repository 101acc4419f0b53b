"""The requests of TransIP's API, and what its answers mean.

Source: https://api.transip.nl/rest/docs.html, "Introduction", "Authentication" and "Domains".
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from time import time
from typing import Any, Final

from mailseal.providers.base import (
    AuthenticationFailed,
    OutcomeUnknown,
    ProviderError,
    Raced,
    RateLimited,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.providers.budget import Rate
from mailseal.providers.calls import CallLimits, Calls
from mailseal.providers.http import Answer, HttpApi
from mailseal.providers.surroundings import Surroundings
from mailseal.providers.transip.entries import Entry, StoredDomain, parse_domains, parse_entries
from mailseal.providers.transip.settings import PRIVATE_KEY, TransIpSettings
from mailseal.providers.transip.steps import Method
from mailseal.providers.transip.token import Token, sign_in_body, signature
from mailseal.records.names import DnsName

RATE: Final = Rate(per_second=0.9, burst=150)
"""TransIP takes 1,000 requests in any 15 minutes from an account; this leaves some to others who use it."""
LONGEST_WAIT: Final = timedelta(seconds=25)
"""The last of some writes waits so long for its turn at most."""
_OPERATIONS: Final = {"POST": "AddDnsEntry", "PATCH": "UpdateDnsEntry", "DELETE": "RemoveDnsEntry"}
_LONGEST_REASON: Final = 300


class TransIpApi:
    """One account. Every method raises `ProviderError`s."""

    def __init__(
        self, settings: TransIpSettings, surroundings: Surroundings, clock: Callable[[], float] = time
    ) -> None:
        self._budget = surroundings.budgets.of(f"transip:{settings.login}", RATE)
        self._calls = Calls(surroundings, self._budget, CallLimits(settings.timeout))
        self._http = HttpApi(settings.endpoint, surroundings.reach, {}, settings.timeout.total_seconds())
        self._settings = settings
        self._clock = clock
        self._token: Token | None = None
        self._signing_in = asyncio.Lock()
        self._left: int | None = None

    async def domains(self) -> tuple[DnsName, ...]:
        """All domains of the account."""
        return parse_domains(self._good(await self._read("ListDomains", "/domains")))

    async def domain(self, zone: DnsName) -> StoredDomain:
        """All DNS entries of a domain. Raises `ZoneNotFound`."""
        answer = await self._read("ListDnsEntries", f"/domains/{zone}/dns")
        if answer.status == 404:
            raise self.no_zone(zone)
        return parse_entries(zone, self._good(answer))

    def check_room(self, requests: int) -> None:
        """Raise `RateLimited` where so many requests would not pass one after the other.

        A set must not stay without its records because the account's limit was reached in the middle.
        """
        wait = timedelta(seconds=(requests - self._budget.left()) / self._budget.rate.per_second)
        if wait > LONGEST_WAIT:
            raise RateLimited("the budget of this TransIP account does not suffice for the changes", wait)
        if self._left is not None and self._left < requests:
            raise RateLimited(f"TransIP takes {self._left} more requests of this account, fewer than needed")

    async def write(self, zone: DnsName, method: Method, entry: Entry) -> None:
        """Add, change or remove one entry.

        Raises `Raced` when the entry is not there any more, or not alone, and `Refused`.
        """
        body = {"dnsEntry": entry.to_json()}

        async def request(headers: Mapping[str, str]) -> Answer:
            return await self._http.change(method, f"/domains/{zone}/dns", body, headers)

        answer = await self._authorised(self._calls.write, _OPERATIONS[method], request)
        if not 200 <= answer.status < 300:
            raise self._write_error(zone, method, answer)

    def no_zone(self, zone: DnsName) -> ZoneNotFound:
        """The error for a domain that is not there."""
        return ZoneNotFound(f"the TransIP account {self._settings.login} has no domain {zone}")

    async def close(self) -> None:
        """Close all connections."""
        self._calls.close()
        await self._http.close()

    async def _read(self, operation: str, path: str) -> Answer:
        async def request(headers: Mapping[str, str]) -> Answer:
            return await self._http.ask(path, headers=headers)

        return await self._authorised(self._calls.read, operation, request)

    async def _authorised(
        self,
        call: Callable[[str, Callable[[], Awaitable[Answer]]], Awaitable[Answer]],
        operation: str,
        request: Callable[[Mapping[str, str]], Awaitable[Answer]],
    ) -> Answer:
        """Make a request with a token; where TransIP does not take it any more, once again with a new one."""
        token = await self._signed_in()
        answer = await call(operation, lambda: self._sent(request, token))
        if answer.status == 401:
            self._token = None if self._token is token else self._token
            token = await self._signed_in()
            answer = await call(operation, lambda: self._sent(request, token))
        return answer

    async def _sent(self, request: Callable[[Mapping[str, str]], Awaitable[Answer]], token: Token) -> Answer:
        return self._unthrottled(await request({"Authorization": f"Bearer {token.text}"}))

    async def _signed_in(self) -> Token:
        async with self._signing_in:
            if self._token is None or not self._token.works_at(self._clock()):
                self._token = await self._calls.read("SignIn", self._sign_in)
            return self._token

    async def _sign_in(self) -> Token:
        body = sign_in_body(self._settings, secrets.token_hex(16))
        headers = {"Signature": signature(self._settings.key, body)}
        try:
            answer = self._unthrottled(await self._http.change("POST", "/auth", body, headers))
        except OutcomeUnknown as error:
            raise Unavailable(str(error)) from None
        if 400 <= answer.status < 500:
            raise AuthenticationFailed(
                f"TransIP refuses to sign {self._settings.login} in ({_reason(answer)}): check login and the "
                f"Secret's key {PRIVATE_KEY!r}; enable the API, and whitelist this address where the key "
                "asks for that"
            )
        return Token.parse(self._good(answer), self._clock())

    def _unthrottled(self, answer: Answer) -> Answer:
        left = answer.headers.get("X-Rate-Limit-Remaining", "").strip()
        self._left = int(left) if left.isdecimal() and len(left) < 9 else None
        if answer.status == 429:
            raise RateLimited("TransIP wants fewer requests of this account", self._wait_asked(answer))
        return answer

    def _wait_asked(self, answer: Answer) -> timedelta | None:
        """Until the time in X-Rate-Limit-Reset, a Unix time."""
        reset = answer.headers.get("X-Rate-Limit-Reset", "").strip()
        if not reset.isdecimal() or len(reset) > 12:
            return answer.retry_after()
        return timedelta(seconds=min(max(0.0, int(reset) - self._clock()), 900.0))

    def _good(self, answer: Answer) -> bytes:
        if 200 <= answer.status < 300:
            return answer.body
        raise self._general_error(answer) or Unavailable(f"TransIP answered {_reason(answer)}")

    def _general_error(self, answer: Answer) -> ProviderError | None:
        if answer.status in {401, 403}:
            return AuthenticationFailed(
                f"TransIP does not let {self._settings.login} do this ({_reason(answer)}): the key must not "
                "be read-only; whitelist this address where the key asks for that"
            )
        return None

    def _write_error(self, zone: DnsName, method: Method, answer: Answer) -> ProviderError:
        if (general := self._general_error(answer)) is not None:
            return general
        reason = _reason(answer)
        if answer.status == 404 and "domain" in reason.lower():
            return self.no_zone(zone)
        if answer.status == 409:
            return Unavailable(f"TransIP lets nobody change {zone} at the moment: {reason}")
        if answer.status == 404 or (answer.status == 406 and "match" in reason):
            return Raced(f"an entry of {zone} has changed since it was read: {reason}")
        if 400 <= answer.status < 500:
            return Refused(f"TransIP refuses to {method} an entry of {zone}: {reason}")
        return OutcomeUnknown(f"TransIP answered {reason} to a change of {zone}")


def _reason(answer: Answer) -> str:
    """The status and, where the answer is an error of TransIP, its text."""
    described: Any = None
    with suppress(ValueError, RecursionError):
        described = json.loads(answer.body)
    text = described.get("error") if isinstance(described, dict) else None
    if not isinstance(text, str) or not text:
        return f"status {answer.status}"
    return f"status {answer.status}: {ascii(text[:_LONGEST_REASON])[1:-1]}"
