"""Servers at addresses that a provider may not connect to are not asked, and it is told why."""

from __future__ import annotations

import socket

import pytest

from mailseal.dnsio import endpoint
from mailseal.observing.authoritative import AuthoritativeObserver
from mailseal.observing.resolving import GivenServers
from mailseal.providers.reach import METADATA, Reach
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRsetKey

ZONE = DnsName("zorg.example")
KEY = RRsetKey(ZONE, RecordType.TXT)
PERMITS = Reach(closed=METADATA).permits


async def test_a_closed_address_is_a_server_that_cannot_be_asked() -> None:
    observer = AuthoritativeObserver(ZONE, GivenServers(["169.254.169.254:80"], permits=PERMITS))
    (lag,) = await observer.lags([(KEY, b"x")], [])
    assert str(lag.server) == "169.254.169.254"
    assert lag.problem == "is where this provider may not ask"
    assert await observer.negative_caching_time() is None


@pytest.mark.parametrize(
    ("addresses", "asked"),
    [
        (["169.254.169.254"], [("ns.evil.example (169.254.169.254)", "")]),
        (["169.254.169.254", "127.0.0.1"], [("ns.evil.example (127.0.0.1)", "127.0.0.1")]),
        (["127.0.0.1"], [("ns.evil.example (127.0.0.1)", "127.0.0.1")]),
    ],
)
async def test_a_name_that_leads_to_a_closed_address_loses_that_address(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], asked: list[tuple[str, str]]
) -> None:
    async def found(host: str, port: int) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(endpoint, "address_infos", found)
    servers = await GivenServers(["ns.evil.example"], permits=PERMITS).servers_of(ZONE)
    assert [(str(server), server.address) for server in servers] == asked
