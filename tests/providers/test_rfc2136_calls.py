"""What the call log is told of the rfc2136 provider's questions and updates."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import dns.flags
import dns.rcode
import pytest

from mailseal.conformance.counting import CallCounter
from mailseal.providers.base import ProviderError
from mailseal.providers.rfc2136 import Rfc2136Provider
from mailseal.providers.surroundings import Surroundings
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends import ServerHarness
from support.servers.fake import fake_dns, reply_to

ZONE = DnsName("fake.example")
KEY = RRsetKey(DnsName("x.fake.example"), RecordType.TXT)
CREATION = RRsetChange(KEY, None, RRset(KEY, 300, (TxtData.of("ours"),)))


def outcomes(log: CallCounter) -> Counter[tuple[str, str]]:
    """How often each operation ended in which way."""
    assert all(timedelta(0) <= call.took < timedelta(seconds=10) for call in log.calls)
    return Counter((call.operation, call.failure) for call in log.calls)


async def test_questions_and_updates_are_counted_one_by_one(bind: ServerHarness) -> None:
    zone = bind.new_zone()
    log = CallCounter()
    provider = bind.opened(log, (zone,))
    key = RRsetKey(zone.child("x"), RecordType.TXT)
    await provider.apply(zone, [RRsetChange(key, None, RRset(key, 60, (TxtData.of("ours"),)))])
    assert outcomes(log) == {("UPDATE", ""): 1}

    log.calls.clear()
    await provider.read(zone, [RRsetKey(zone.child(f"n{number}"), RecordType.TXT) for number in range(100)])
    assert outcomes(log) == {("QUERY", ""): 100}


async def test_looking_for_wildcards_counts_as_well(bind: ServerHarness) -> None:
    """One question for the set, one for the wildcard above it, one update that asks which of both it is."""
    zone = bind.new_zone('* 3600 TXT "for all"')
    log = CallCounter()

    assert await bind.opened(log, (zone,)).read(zone, [RRsetKey(zone.child("x"), RecordType.TXT)]) == {}

    assert outcomes(log) == {("QUERY", ""): 2, ("UPDATE", ""): 1}


@pytest.mark.parametrize(
    ("rcode", "expected"),
    [
        (dns.rcode.NXRRSET, {("UPDATE", "WriteRaced"): 1}),
        (dns.rcode.FORMERR, {("UPDATE", "RecordRefused"): 1}),
        (dns.rcode.REFUSED, {("UPDATE", "RecordRefused"): 2, ("QUERY", "ZoneNotFound"): 1}),
        (dns.rcode.SERVFAIL, {("UPDATE", "RecordRefused"): 2, ("QUERY", "ProviderUnavailable"): 1}),
    ],
    ids=["NXRRSET", "FORMERR", "REFUSED", "SERVFAIL"],
)
async def test_failed_updates_and_the_calls_that_explain_them_are_counted(
    rcode: dns.rcode.Rcode, expected: dict[tuple[str, str], int]
) -> None:
    log = CallCounter()
    async with fake_dns(lambda wire: [reply_to(wire, rcode=rcode)]) as fake:
        with pytest.raises(ProviderError):
            await _open(fake.port, log).apply(ZONE, [CREATION])

    assert outcomes(log) == expected


async def test_a_question_counts_once_however_often_it_is_sent() -> None:
    log = CallCounter()
    async with fake_dns(lambda _: []) as fake:
        with pytest.raises(ProviderError):
            await _open(fake.port, log).read(ZONE, [KEY])

        assert len(fake.udp_messages) == 3
    assert outcomes(log) == {("QUERY", "ProviderUnavailable"): 1}


async def test_a_lost_answer_to_an_update_is_counted_as_unknown() -> None:
    log = CallCounter()
    async with fake_dns(lambda _: None) as fake:
        with pytest.raises(ProviderError):
            await _open(fake.port, log).apply(ZONE, [CREATION])

    assert outcomes(log) == {("UPDATE", "OutcomeUnknown"): 1}


async def test_a_refusal_of_everything_proves_that_the_server_is_there() -> None:
    log = CallCounter()
    async with fake_dns(lambda wire: [reply_to(wire, rcode=dns.rcode.REFUSED)]) as fake:
        assert (await _open(fake.port, log).survey()).served == ()

    assert outcomes(log) == {("QUERY", ""): 1}


def _open(port: int, log: CallCounter) -> Rfc2136Provider:
    return Rfc2136Provider.from_settings(
        {"server": "127.0.0.1", "port": port, "timeoutSeconds": 1}, {}, Surroundings(log=log)
    )
