"""What is said of the SPF of a domain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_network

import pytest

from mailseal.checks.model import Finding, Language, Outcome
from mailseal.checks.spf import examine_spf
from mailseal.checks.spf.relay import edge_addresses
from mailseal.checks.spf.walk import MAX_POLICIES
from mailseal.records.names import DnsName
from support.answers import ZoneResolver
from support.examining import examined, the, tools_with

DOMAIN = examined("care.example")
GOOD = 'care.example. TXT "v=spf1 ip4:198.51.100.0/24 -all"'
NTA = (
    'care.example. TXT "v=NTA7516-1;startdate=2025-01;enddate=2027-01;provider={};ntamx=10 relay.zorgmail.nl"'
)
ALL_WELL = [
    "spf.record/found",
    "spf.syntax/well-formed",
    "spf.size/small",
    "spf.all/fail",
    "spf.includes/none",
    "spf.lookups/within",
    "spf.voids/none",
    "spf.ptr/absent",
    "spf.networks/sensible",
    "spf.relay/no-provider",
]


def codes(findings: Iterable[Finding]) -> list[str]:
    """The verdicts, each told in both languages on the way. What they tell may hold macros, with braces."""
    told = tuple(findings)
    assert all(finding.says(language) for finding in told for language in Language)
    return [finding.verdict.id for finding in told]


async def found(records: str, silent: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    return tuple(await examine_spf(DOMAIN, tools_with(ZoneResolver(records, silent))))


async def said(records: str, silent: tuple[str, ...] = ()) -> list[str]:
    """The verdicts that differ from those of a good record."""
    return [code for code in codes(await found(records, silent)) if code not in ALL_WELL]


def spf(terms: str, more: str = "") -> str:
    return f'care.example. TXT "v=spf1 {terms}"\n{more}'


async def test_of_a_good_record_every_check_says_so() -> None:
    assert codes(await found(GOOD)) == ALL_WELL


async def test_a_domain_that_sends_no_mail_passes() -> None:
    findings = await found(spf("-all"))
    assert codes(findings)[0] == "spf.record/no-mail"
    assert {finding.outcome for finding in findings} == {Outcome.PASS, Outcome.SKIP}


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ('care.example. TXT "other"', ["spf.record/missing"]),
        (f'{GOOD}\ncare.example. TXT "v=spf1 mx -all"', ["spf.record/several"]),
        (spf("ip4:198.51.100.300 -all"), ["spf.syntax/invalid"]),
        (spf("ip4=198.51.100.3 -all"), ["spf.record/no-mail", "spf.syntax/unknown-modifier"]),
        (spf("ra=postmaster -all"), ["spf.record/no-mail"]),
    ],
)
async def test_the_record_itself(records: str, expected: list[str]) -> None:
    assert await said(records) == expected


async def test_where_the_error_is_can_be_read_in_the_finding() -> None:
    finding = the(await found(spf("mx ip4:1.2.3 -all")), "spf.syntax/invalid")
    assert finding.values["position"] == "14"
    assert finding.values["term"] == "ip4:1.2.3"


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ("ip4:198.51.100.1 ~all", ["spf.all/softfail"]),
        ("ip4:198.51.100.1 ?all", ["spf.all/neutral"]),
        ("ip4:198.51.100.1 +all", ["spf.all/pass"]),
        ("ip4:198.51.100.1", ["spf.all/missing"]),
        ("-all ip4:198.51.100.1", ["spf.all/unreached"]),
        ("redirect=open.example -all", ["spf.all/redirect-ignored"]),
        ("redirect=open.example", ["spf.all/pass", "spf.includes/usable"]),
        ("redirect=%{l}.example", ["spf.all/undecided", "spf.includes/depends-on-sender"]),
        ("include:open.example -all", ["spf.all/passing-include", "spf.includes/usable"]),
        ("-include:open.example -all", ["spf.includes/usable"]),
    ],
)
async def test_what_is_said_of_other_servers(terms: str, expected: list[str]) -> None:
    codes_said = await said(spf(terms, 'open.example. TXT "v=spf1 +all"'))
    assert [code for code in codes_said if code != "spf.record/no-mail"] == expected


async def test_look_ups_are_counted_through_includes_for_the_worst_sender() -> None:
    records = spf(
        "include:one.example include:two.example mx -all a",
        'one.example. TXT "v=spf1 a a a redirect=two.example"\n'
        'two.example. TXT "v=spf1 a a ~all"\n'
        "care.example. MX 10 one.example.\none.example. A 192.0.2.1\ntwo.example. A 192.0.2.1",
    )
    finding = the(await found(records), "spf.lookups/too-many")
    assert finding.values["count"] == "11"
    assert "redirect=two.example (one.example)" in finding.evidence


async def test_ten_look_ups_are_not_too_many() -> None:
    finding = the(
        await found(spf(" ".join(["a"] * 10) + " -all", "care.example. A 192.0.2.1")), "spf.lookups/within"
    )
    assert finding.values["count"] == "10"


async def test_an_mx_with_more_than_ten_hosts_is_told() -> None:
    hosts = "\n".join(f"care.example. MX {number} mx.care.example." for number in range(11))
    many = spf("mx -all", f"{hosts}\nmx.care.example. A 192.0.2.1\nmx.care.example. AAAA 2001:db8::1")
    assert await said(many) == ["spf.lookups/mx-hosts"]


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ("a:old.example -all", ["spf.voids/stale"]),
        ("mx -all", ["spf.voids/stale"]),
        ("exists:old.example a:old.example -all", ["spf.voids/stale"]),
        ("a:x.example a:y.example a:z.example -all", ["spf.voids/too-many"]),
        ("a:h.example a:h.example a:h.example -all", ["spf.voids/some-senders"]),
        ("a:h.example -all", []),
    ],
)
async def test_names_that_are_stale_or_of_one_family_only(terms: str, expected: list[str]) -> None:
    assert await said(spf(terms, "h.example. A 192.0.2.1")) == expected


async def test_the_family_that_finds_nothing_is_told() -> None:
    finding = the(
        await found(spf("a:h.example " * 3 + "-all", "h.example. A 192.0.2.1")), "spf.voids/some-senders"
    )
    assert finding.values["family"] == "IPv6"


@pytest.mark.parametrize(
    ("terms", "more", "expected"),
    [
        ("include:x.example -all", 'x.example. TXT "v=spf1 ~all"', ["spf.includes/usable"]),
        ("include:x.example -all", 'x.example. TXT "other"', ["spf.includes/no-record"]),
        ("include:x.example -all", 'x.example. TXT "v=spf1 moo"', ["spf.includes/invalid"]),
        (
            "include:x.example -all",
            'x.example. TXT "v=spf1 -all"\nx.example. TXT "v=spf1 ~all"',
            ["spf.includes/several"],
        ),
        ("include:x..example -all", "", ["spf.includes/malformed-name"]),
        (
            "include:x.example include:x.example -all",
            'x.example. TXT "v=spf1 ~all"',
            ["spf.includes/twice"],
        ),
        (
            "include:x.example -all",
            'x.example. TXT "v=spf1 include:care.example ~all"',
            ["spf.includes/loop", "spf.lookups/too-many"],
        ),
        (
            "include:%{d2}.x.example -all",
            'care.example.x.example. TXT "v=spf1 ~all"',
            ["spf.includes/usable"],
        ),
    ],
)
async def test_records_that_are_included(terms: str, more: str, expected: list[str]) -> None:
    assert await said(spf(terms, more)) == expected


async def test_a_nested_record_is_named_with_the_record_that_leads_to_it() -> None:
    records = spf("include:x.example -all", 'x.example. TXT "v=spf1 include:y.example ~all"')
    finding = the(await found(records), "spf.includes/no-record")
    assert finding.values["term"] == "include:y.example (x.example)"


async def test_what_does_not_answer_is_unknown() -> None:
    assert await said(GOOD, ("care.example",)) == ["spf.record/unanswered", "spf.relay/unanswered"]
    included = await said(spf("include:x.example a:h.example -all"), ("x.example", "h.example"))
    assert included == ["spf.includes/unanswered", "spf.lookups/at-least", "spf.voids/unknown"]


async def test_use_of_reverse_names_is_told_also_in_included_records() -> None:
    records = spf(
        "include:x.example -all", 'x.example. TXT "v=spf1 ptr:x.example exists:%{p}.x.example ~all"'
    )
    finding = the(await found(records), "spf.ptr/used")
    assert finding.evidence == ("ptr:x.example (x.example)", "exists:%{p}.x.example (x.example)")


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ("ip4:0.0.0.0/0 -all", ["spf.networks/huge"]),
        ("ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all", ["spf.networks/huge"]),
        ("ip4:52.100.0.0/14 ip6:2001:db8::/29 -all", []),
        ("ip4:52.96.0.0/11 -all", ["spf.networks/wide"]),
        ("ip6:2000::/4 ip6:2001:d00::/24 -all", ["spf.networks/huge", "spf.networks/wide"]),
        ("a/4 -all", ["spf.networks/huge"]),
        ("-ip4:0.0.0.0/0 -all", []),
        ("ip4:10.1.0.0/16 ip6:fd00::/48 -all", ["spf.networks/private"]),
    ],
)
async def test_networks_that_are_too_wide_or_private(terms: str, expected: list[str]) -> None:
    records = spf(terms, "care.example. A 198.51.100.7\ncare.example. AAAA 2001:db8::7")
    assert await said(records) == expected


async def test_the_size_of_all_txt_records_of_the_name_counts() -> None:
    filler = f'care.example. TXT "{"x" * 220}" "{"y" * 220}"'
    finding = the(await found(f"{GOOD}\n{filler}"), "spf.size/large")
    assert (finding.outcome, finding.values["bytes"]) == (Outcome.WARN, str(12 + 440 + 31))


async def test_a_large_record_of_another_owner_is_evidence_only() -> None:
    other = f'x.example. TXT "v=spf1 ip4:192.0.2.1" " exp={"y" * 230}.example" " {"z" * 240}=1"'
    findings = await found(spf("include:x.example -all", other))
    assert "x.example: 515" in the(findings, "spf.size/small").evidence


RELAY = (
    '_spf.zorgmail.nl. TXT "v=spf1 ip4:203.0.113.0/25 a:relay.zorgmail.nl ~all"\n'
    "relay.zorgmail.nl. A 203.0.113.200"
)


@pytest.mark.parametrize(
    ("terms", "relay", "expected"),
    [
        ("include:_spf.zorgmail.nl -all", RELAY, "spf.relay/passes"),
        ("ip4:203.0.113.0/24 -all", RELAY, "spf.relay/passes"),
        ("ip4:203.0.113.0/25 -all", RELAY, "spf.relay/refused"),
        ("ip4:203.0.113.0/26 ip4:203.0.113.96/27 ip4:203.0.113.200 -all", RELAY, "spf.relay/refused"),
        ("-ip4:203.0.113.200 include:_spf.zorgmail.nl -all", RELAY, "spf.relay/refused"),
        ("include:_spf.zorgmail.nl moo -all", RELAY, "spf.relay/error"),
        ("ip4:203.0.113.0/24 -all", "", "spf.relay/no-record"),
        ("-all", '_spf.zorgmail.nl. TXT "v=spf1 -all"', "spf.relay/no-record"),
    ],
)
async def test_the_relay_of_the_provider_has_to_pass(terms: str, relay: str, expected: str) -> None:
    records = spf(terms, f"{NTA.format('zorgmail')}\n{relay}")
    assert codes(await found(records))[-1] == expected


async def test_a_domain_without_spf_refuses_its_relay() -> None:
    assert await said(f"{NTA.format('ZorgMail')}\n{RELAY}") == ["spf.record/missing", "spf.relay/refused"]


async def test_a_relay_that_does_not_answer_is_unknown() -> None:
    records = spf("ip4:203.0.113.0/24 -all", NTA.format("zorgmail"))
    assert await said(records, ("_spf.zorgmail.nl",)) == ["spf.relay/unanswered"]


async def test_a_provider_whose_servers_are_not_known_is_skipped_unless_its_relay_is_given() -> None:
    resolver = ZoneResolver(
        f'{GOOD}\n{NTA.format("other")}\n_spf.other.example. TXT "v=spf1 ip4:198.51.100.9 -all"'
    )
    skipped = await examine_spf(DOMAIN, tools_with(resolver))
    assert codes(skipped)[-1] == "spf.relay/unknown-provider"
    given = replace(DOMAIN, relay=DnsName("_spf.other.example"))
    assert codes(await examine_spf(given, tools_with(resolver)))[-1] == "spf.relay/passes"


async def test_every_record_is_asked_for_once_by_the_walk() -> None:
    resolver = ZoneResolver(
        spf("include:x.example include:y.example -all", 'x.example. TXT "v=spf1 include:y.example -all"')
    )
    await examine_spf(DOMAIN, tools_with(resolver))
    assert resolver.asked["y.example", "TXT"] == 1


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ((), ["203.0.113.0", "203.0.113.255"]),
        (("203.0.113.0/25",), ["203.0.113.0", "203.0.113.255", "203.0.113.128"]),
        (("203.0.113.8/30",), ["203.0.113.0", "203.0.113.255", "203.0.113.7", "203.0.113.12"]),
        (("203.0.0.0/16", "2001:db8::/32"), ["203.0.113.0", "203.0.113.255"]),
    ],
)
def test_a_relay_is_tried_at_its_ends_and_beside_the_networks_that_pass(
    own: tuple[str, ...], expected: list[str]
) -> None:
    edges = edge_addresses(ip_network("203.0.113.0/24"), [ip_network(text) for text in own])
    assert [str(edge) for edge in edges] == expected


async def test_more_records_than_a_receiver_reads_are_not_all_asked_for() -> None:
    strings = " ".join(f'" include:x{number}.example"' for number in range(MAX_POLICIES + 20))
    resolver = ZoneResolver(f'care.example. TXT "v=spf1" {strings} " -all"')
    findings = await examine_spf(DOMAIN, tools_with(resolver))
    assert the(findings, "spf.lookups/too-many").values["count"] == str(MAX_POLICIES + 20)
    assert sum(resolver.asked.values()) <= MAX_POLICIES + 1
