"""Fetching MTA-STS policies: one HTTPS request each, bounded, to addresses that may be reached only."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from mailseal.checks.answers import Resolver
from mailseal.checks.asking import shown
from mailseal.checks.https import PolicyAnswer
from mailseal.checks.https.addressing import CheckedResolver, NotResolvedError, UnansweredError
from mailseal.checks.once import OnceCache
from mailseal.checks.settings import CheckSettings
from mailseal.records.names import DnsName

MAX_POLICY_BYTES = 64 * 1024
"""RFC 8461 section 3.3 lets fetchers bound the size and names 64 kilobytes."""
_PATH = "/.well-known/mta-sts.txt"
_FETCHES_AT_ONCE = 100
_REMEMBERED = 10_000
_HEADERS = {"Accept": "text/plain", "Accept-Encoding": "identity", "User-Agent": "mailseal"}
_OK = 200
_SERVER_ERRORS = range(500, 600)
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
"""Other characters that a DNS name can hold, such as `@` and `/`, would make another URL of it."""
_CIPHERS = "@SECLEVEL=2:ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"
"""Those of `ssl` without finite-field Diffie-Hellman, where the server chooses how long a handshake takes."""


@asynccontextmanager
async def open_fetcher(settings: CheckSettings, resolver: Resolver) -> AsyncIterator[HttpsPolicyFetcher]:
    """A fetcher for one run. Raises `ValueError` when a certificate authority's file cannot be used."""
    connector = aiohttp.TCPConnector(
        ssl=await asyncio.to_thread(_context, settings.certificate_authorities),
        resolver=CheckedResolver(resolver, settings.allow_private),
        use_dns_cache=False,
        limit=_FETCHES_AT_ONCE,
        force_close=True,
    )
    within = settings.connect_within.total_seconds()
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=2 * within, sock_connect=within, sock_read=within),
        auto_decompress=False,
        headers=_HEADERS,
        trust_env=False,
    )
    async with session:
        fetcher = HttpsPolicyFetcher(session, settings.https_port)
        try:
            yield fetcher
        finally:
            await fetcher.close()


def _context(authorities: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.hostname_checks_common_name = False
    context.set_ciphers(_CIPHERS)
    for path in authorities:
        try:
            context.load_verify_locations(path)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"{path} holds no certificates that can be used: {error}") from error
    return context


class HttpsPolicyFetcher:
    """Fetches each policy once, however many ask for it, and whoever of them stops waiting."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session = session
        self._port = port
        self._answers = OnceCache(self._fetch, _REMEMBERED)

    async def fetch(self, domain: DnsName) -> PolicyAnswer:
        """The policy of `domain`; see `PolicyFetcher`."""
        return await self._answers.get(domain)

    async def close(self) -> None:
        """End the fetches that are under way."""
        await self._answers.close()

    async def _fetch(self, domain: DnsName) -> PolicyAnswer:
        if _HOST.fullmatch(domain) is None:
            return PolicyAnswer(None, "the name of the policy host is no host name")
        port = "" if self._port == 443 else f":{self._port}"
        try:
            return await self._request(f"https://mta-sts.{domain}{port}{_PATH}")
        except TimeoutError:
            return PolicyAnswer(None, "the server did not answer in time", is_decided=False)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return _refused(error)

    async def _request(self, url: str) -> PolicyAnswer:
        async with self._session.get(url, allow_redirects=False) as response:
            if response.status != _OK:
                return _other_status(response)
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MAX_POLICY_BYTES:
                    return PolicyAnswer(None, f"the answer has more than {MAX_POLICY_BYTES} bytes")
            return PolicyAnswer(bytes(body).decode("latin-1"), content_type=response.content_type)


def _other_status(response: aiohttp.ClientResponse) -> PolicyAnswer:
    fault = f"the server answered with status {response.status}"
    if 300 <= response.status < 400:
        fault += ", a redirect, which RFC 8461 forbids to follow"
    return PolicyAnswer(None, fault, is_decided=response.status not in _SERVER_ERRORS)


def _refused(error: Exception) -> PolicyAnswer:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        verified = error.certificate_error
        reason = getattr(verified, "verify_message", "") or str(verified)
        return PolicyAnswer(None, f"the certificate is not trusted: {reason}")
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, NotResolvedError):
            return PolicyAnswer(None, str(cause), is_decided=not isinstance(cause, UnansweredError))
        cause = cause.__cause__ or cause.__context__
    return PolicyAnswer(None, f"the connection failed: {shown(str(error))}", is_decided=False)
