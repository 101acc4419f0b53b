"""An HTTPS server for MTA-STS policies, with a certificate of one's choice, that counts its requests."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from support.certificates import ServerCertificate

PATH = "/.well-known/mta-sts.txt"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class PolicyHost:
    """A server that runs: its port, and how often each host name was asked for which path."""

    port: int
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)


@asynccontextmanager
async def policy_host(
    handler: Handler, certificate: ServerCertificate, address: str = "127.0.0.1"
) -> AsyncIterator[PolicyHost]:
    """Answer every request with `handler` until the end."""

    async def counted(request: web.Request) -> web.StreamResponse:
        host.requests[request.host.partition(":")[0], request.path] += 1
        return await handler(request)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.cert_file, certificate.key_file)
    runner = web.ServerRunner(web.Server(counted), handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, address, 0, ssl_context=context)
        await site.start()
        host = PolicyHost(int(runner.addresses[0][1]))
        yield host
    finally:
        await runner.cleanup()


def policy_text(mode: str = "enforce", *hosts: str, max_age_seconds: int = 2419200) -> str:
    """A policy as RFC 8461 writes it."""
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {host}" for host in hosts)]
    return "\r\n".join([*lines, f"max_age: {max_age_seconds}", ""])
