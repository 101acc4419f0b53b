"""`check_host` beyond what the OpenSPF suite asks: limits, time, the trace, and explanations."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import dns.name
import dns.rdatatype
import pytest

from mailseal.checks.answers import Answer, Security, Validation
from mailseal.checks.spf import Envelope, Limits, SpfCode, SpfResult, check_host, evaluate
from support.answers import ZoneResolver

CLIENT = "192.0.2.10"


async def checked(records: str, ip: str = CLIENT, **settings: object) -> SpfResult:
    limits = settings.get("limits", Limits())
    assert isinstance(limits, Limits)
    silent = settings.get("silent", ())
    assert isinstance(silent, tuple)
    resolver = ZoneResolver(records, silent)
    return await check_host(
        ip_address(ip), "care.example", "info@care.example", "mx.care.example", resolver, limits
    )


async def test_the_term_that_matched_is_told_with_the_way_to_it() -> None:
    found = await checked(
        'care.example. TXT "v=spf1 a include:_spf.relay.example -all"\n'
        'care.example. A 192.0.2.1\n_spf.relay.example. TXT "v=spf1 ip4:192.0.2.0/28 ~all"'
    )
    assert found.code is SpfCode.PASS
    assert found.matched is not None
    assert found.matched.text == "include:_spf.relay.example"
    assert [(step.depth, step.text, step.outcome) for step in found.trace] == [
        (0, "a", "no match"),
        (1, "ip4:192.0.2.0/28", "match"),
        (0, "include:_spf.relay.example", "match"),
    ]
    assert (found.lookup_terms, found.void_lookups) == (2, 0)


async def test_the_place_of_a_syntax_error_is_told() -> None:
    found = await checked('care.example. TXT "v=spf1 ip4:192.0.2.300 -all"')
    assert found.code is SpfCode.PERMERROR
    assert found.problem.startswith("care.example: 'ip4:192.0.2.300' at position")


@pytest.mark.parametrize("voids", [2, 3])
async def test_each_look_up_that_finds_nothing_counts_also_those_of_one_mx(voids: int) -> None:
    hosts = "\n".join(f"care.example. MX 10 mx{number}.care.example." for number in range(voids))
    found = await checked(f'care.example. TXT "v=spf1 mx -all"\n{hosts}')
    assert found.void_lookups == voids
    assert found.code is (SpfCode.FAIL if voids == 2 else SpfCode.PERMERROR)


async def test_a_name_that_no_query_can_hold_is_not_looked_up() -> None:
    label = "a" * 64
    found = await checked(
        f'care.example. TXT "v=spf1 a:{label}.example a:b..example exists:{label}.example -all"'
    )
    assert (found.code, found.lookup_terms, found.void_lookups) == (SpfCode.FAIL, 3, 0)


async def test_an_address_in_an_ipv6_network_counts_as_the_ipv4_address_that_it_maps() -> None:
    found = await checked('care.example. TXT "v=spf1 ip4:192.0.2.10 -all"', f"::ffff:{CLIENT}")
    assert found.code is SpfCode.PASS


@pytest.mark.parametrize(
    ("term", "silent"),
    [
        ("a:mx.care.example", "mx.care.example"),
        ("mx", "mx.care.example"),
        ("exists:mx.care.example", "mx.care.example"),
        ("include:_spf.care.example", "_spf.care.example"),
        ("redirect=_spf.care.example", "_spf.care.example"),
    ],
)
async def test_a_name_that_does_not_answer_is_a_temporary_error(term: str, silent: str) -> None:
    records = f'care.example. TXT "v=spf1 {term}"\ncare.example. MX 10 mx.care.example.'
    found = await checked(records, silent=(silent,))
    assert found.code is SpfCode.TEMPERROR
    assert silent in found.problem


async def test_a_reverse_name_that_does_not_answer_does_not_match() -> None:
    found = await checked('care.example. TXT "v=spf1 ptr -all"', silent=("10.2.0.192.in-addr.arpa",))
    assert found.code is SpfCode.FAIL


async def test_a_domain_outside_ascii_is_asked_for_by_its_a_labels() -> None:
    resolver = ZoneResolver('xn--zrg-sna.example. TXT "v=spf1 exists:%{d}.%{l}.example -all"')
    domain = "Zörg.example"
    found = await check_host(ip_address(CLIENT), domain, f"jos@{domain}", "h", resolver)
    assert found.code is SpfCode.FAIL
    assert resolver.asked["xn--zrg-sna.example.jos.example", "A"] == 1


async def test_an_explanation_tells_of_the_message() -> None:
    records = (
        'care.example. TXT "v=spf1 -all exp=why.care.example"\n'
        'why.care.example. TXT "%{i} at %{t} by %{r}: %{S} %{l2r-}%_%%"'
    )
    at = datetime(2026, 11, 24, tzinfo=UTC)
    envelope = Envelope(ip_address(CLIENT), "a-b-c@care.example", "h", "mx.receiver.example", at)
    found = await evaluate(envelope, "care.example", ZoneResolver(records))
    expected = "192.0.2.10 at 1795478400 by mx.receiver.example: a-b-c%40care.example b.a %"
    assert found.explanation == expected


class SlowResolver:
    """Never answers in time."""

    async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    async def validate(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Validation:
        return Validation(Security.INSECURE)


async def test_an_evaluation_that_takes_too_long_is_a_temporary_error() -> None:
    limits = Limits(within=timedelta(milliseconds=50))
    found = await check_host(
        ip_address(CLIENT), "care.example", "a@care.example", "h", SlowResolver(), limits
    )
    assert (found.code, found.problem) == (SpfCode.TEMPERROR, "not done within 0.05 seconds")


async def test_a_fail_whose_explanation_takes_too_long_is_a_fail_without_one() -> None:
    class SlowExplanation(ZoneResolver):
        async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Answer:
            if name == dns.name.from_text("why.care.example"):
                await asyncio.Event().wait()
            return await super().ask(name, rdtype)

    resolver = SlowExplanation('care.example. TXT "v=spf1 -all exp=why.care.example"')
    limits = Limits(within=timedelta(milliseconds=50))
    found = await check_host(ip_address(CLIENT), "care.example", "a@care.example", "h", resolver, limits)
    assert (found.code, found.explanation) == (SpfCode.FAIL, None)
