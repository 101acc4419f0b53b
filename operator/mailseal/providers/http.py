"""A JSON API over HTTP for providers: bounded in time and size, without redirects, within their reach."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from mailseal.dnsio.lookup import AddressInfo, address_infos
from mailseal.providers.base import AuthenticationFailed, InvalidConfiguration, OutcomeUnknown, Unavailable
from mailseal.providers.reach import AddressForbidden, Reach

LARGEST_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""Of one answer once it is decompressed: a zone of some 100,000 record sets."""
MOST_VALUES: Final = 1_500_000
"""What one answer may hold: an empty list takes three bytes in JSON and fifty times as much in memory."""
CONNECTIONS: Final = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """What an API answered: any status, and the body as it is."""

    status: int
    headers: Mapping[str, str]
    """By name in any case."""
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises `Unavailable` when it is none: a proxy or another service answers."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unavailable(f"the answer (status {self.status}) is not JSON") from None

    def retry_after(self) -> timedelta | None:
        """What the header Retry-After asks for in seconds (RFC 9110 section 10.2.3)."""
        value = self.headers.get("Retry-After", "").strip()
        return timedelta(seconds=int(value)) if value.isdecimal() and len(value) < 6 else None


def api_url(text: object, field: str) -> URL:
    """The base URL in a setting, without a final slash. Raises `InvalidConfiguration` naming the field."""
    try:
        url = URL(text) if isinstance(text, str) else URL()
    except ValueError:
        url = URL()
    if url.scheme not in {"http", "https"} or not url.host or url.user or url.query or url.fragment:
        raise InvalidConfiguration(
            f"{field} must be a URL such as https://dns.example.nl:8081, without user, query or fragment"
        )
    return url.with_path(url.path.rstrip("/"))


class HttpApi:
    """Requests to one API. Connections open at the first request and stay open until `close`."""

    def __init__(
        self,
        base: URL,
        reach: Reach,
        headers: Mapping[str, str],
        timeout_seconds: float,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._base = base
        self._reach = reach
        self._headers = {"Accept": "application/json", "User-Agent": "mailseal", **headers}
        self._timeout_seconds = timeout_seconds
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self, path: str, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """GET. Raises `Unavailable` without an answer and `AddressForbidden`."""
        return await self._send("GET", path, query, None, headers or {})

    async def change(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """POST, PUT, PATCH or DELETE with a JSON body; bytes are sent as they are, such as what is signed.

        Raises `Unavailable` when it was certainly not sent, `OutcomeUnknown` when the answer is lost, and
        `AddressForbidden`.
        """
        return await self._send(method, path, None, body, headers or {})

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: object,
        headers: Mapping[str, str],
    ) -> Answer:
        url = URL(f"{self._base}{path}", encoded=True)
        lost = Unavailable if method == "GET" else OutcomeUnknown
        if url.host and _is_like_an_address(url.host):
            self._reach.permitted(url.host, (url.host,))
        try:
            async with self._opened().request(
                method,
                url.update_query(query) if query else url,
                data=body if body is None or isinstance(body, bytes) else json.dumps(body).encode(),
                headers={**({} if body is None else {"Content-Type": "application/json"}), **headers},
                allow_redirects=False,
                ssl=self._tls if self._tls is not None else True,
                middlewares=() if method == "GET" else (_send_once,),
            ) as response:
                content = await _limited(response)
                return Answer(response.status, response.headers, content)
        except aiohttp.ClientConnectorCertificateError as error:
            raise AuthenticationFailed(
                f"{self._base}: its certificate is not trusted: {error.certificate_error}; put its issuer's "
                "certificates into the Secret's key 'ca.crt' where the type has that, or mend the certificate"
            ) from None
        except aiohttp.ClientConnectorSSLError as error:
            raise Unavailable(
                f"{self._base}: no TLS connection: {error.os_error}; where the server speaks no TLS at this "
                "port, write http:// or put TLS in front of it"
            ) from None
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, _Forbidden):
                raise AddressForbidden(str(error.os_error)) from None
            raise Unavailable(f"{self._base}: no connection: {error.os_error or error}") from None
        except aiohttp.ConnectionTimeoutError:
            raise Unavailable(f"{self._base}: no connection within {self._timeout_seconds:g} s") from None
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise lost(f"{self._base}: {method} had no usable answer: {type(error).__name__}") from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=_Resolver(self._reach), limit=CONNECTIONS, use_dns_cache=False
                ),
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(
                    total=self._timeout_seconds, sock_connect=min(self._timeout_seconds, 10)
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=True,
            )
        return self._session


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending PUT and DELETE again when a connection breaks: the first may have arrived."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientPayloadError(type(error).__name__) from None


def _is_like_an_address(host: str) -> bool:
    """True for what aiohttp connects to without asking the resolver, also `2130706433` and `127.1`."""
    return ":" in host or host.replace(".", "").isdigit()


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > LARGEST_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError("the answer is too large")
    if sum(content.count(mark) for mark in b",[{") > MOST_VALUES:
        raise aiohttp.ClientPayloadError("the answer holds too many values")
    return bytes(content)


class _Forbidden(OSError):
    """Carries the refusal through aiohttp, which passes only errors of the system on."""


class _Resolver(AbstractResolver):
    """Looks a host up and leaves out what the provider may not reach, at each connection anew."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        found = await address_infos(host, port, family)
        try:
            permitted = set(self._reach.permitted(host, (info[4][0] for info in found)))
        except AddressForbidden as error:
            raise _Forbidden(str(error)) from None
        return [_result(host, info) for info in found if info[4][0] in permitted]

    async def close(self) -> None:
        """Nothing is open."""


def _result(host: str, info: AddressInfo) -> ResolveResult:
    family, _, protocol, _, socket_address = info
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(
        hostname=host,
        host=socket_address[0],
        port=socket_address[1],
        family=family,
        proto=protocol,
        flags=numeric,
    )
