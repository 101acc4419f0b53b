"""What holds of SPF evaluation and of its checks whatever stands in DNS."""

from __future__ import annotations

import asyncio

import dns.name
from hypothesis import given, settings
from hypothesis import strategies as st

from mailseal.checks.model import Language
from mailseal.checks.spf import SpfCode, check_host, examine_spf
from mailseal.checks.spf.cost import LIMITS, total_cost
from mailseal.checks.spf.expansion import MacroValues, expand, expand_explanation
from mailseal.checks.spf.model import Envelope, IpAddress
from mailseal.checks.spf.names import MAX_NAME_BYTES, domain_name, name_text, query_name
from mailseal.checks.spf.walk import walk
from mailseal.records.spf import MacroString
from support.examining import examined, tools_with
from support.record_strategies import macro_strings, mutations
from support.spf_worlds import ROOT, World, WorldResolver, clients, wild_worlds, worlds

ERRORS = {SpfCode.NONE, SpfCode.TEMPERROR, SpfCode.PERMERROR}


@given(wild_worlds, clients, st.text(), st.text(), st.text())
def test_any_answers_and_any_envelope_have_a_result(
    world: World, ip: IpAddress, domain: str, sender: str, helo: str
) -> None:
    resolver = WorldResolver(world)
    for asked in (domain, ROOT):
        found = asyncio.run(check_host(ip, asked, sender, helo, resolver))
        assert (found.problem != "") == (found.code in ERRORS)
        assert found.lookup_terms <= LIMITS.lookup_terms + 1
        assert found.void_lookups <= LIMITS.void_lookups + 1


@given(wild_worlds)
def test_any_answers_have_findings_in_both_languages(world: World) -> None:
    findings = asyncio.run(examine_spf(examined(ROOT), tools_with(WorldResolver(world))))
    assert all(finding.says(language) for finding in findings for language in Language)
    subjects = [finding.check.id for finding in findings]
    assert subjects[0] == "spf.record"
    assert subjects[-1] == "spf.relay"
    assert len(subjects) == 2 or "spf.size" in subjects


@settings(max_examples=150)
@given(worlds, clients)
def test_the_walk_costs_at_least_what_any_sender_costs(world: World, ip: IpAddress) -> None:
    resolver = WorldResolver(world)
    worst = total_cost(asyncio.run(walk(dns.name.from_text(ROOT), resolver)))
    found = asyncio.run(check_host(ip, ROOT, f"info@{ROOT}", ROOT, resolver))
    assert found.lookup_terms <= worst.terms
    assert found.void_lookups <= (worst.ip4 if ip.version == 4 else worst.ip6)


@settings(max_examples=150)
@given(worlds, clients)
def test_an_evaluation_that_ends_well_is_within_the_limits(world: World, ip: IpAddress) -> None:
    found = asyncio.run(check_host(ip, ROOT, f"info@{ROOT}", ROOT, WorldResolver(world)))
    if found.code not in ERRORS:
        assert found.lookup_terms <= LIMITS.lookup_terms
        assert found.void_lookups <= LIMITS.void_lookups
        assert found.matched is None or found.matched in found.trace


@given(macro_strings, clients, st.text(), st.text())
def test_macros_expand_for_any_envelope(macros: MacroString, ip: IpAddress, sender: str, helo: str) -> None:
    values = MacroValues(Envelope(ip, sender, helo), ROOT)
    assert expand_explanation(macros.to_text(), values) == expand(macros.pieces, values)


@given(st.text() | mutations(macro_strings.map(MacroString.to_text)), clients)
def test_an_explanation_of_any_text_is_expanded_or_refused(text: str, ip: IpAddress) -> None:
    found = expand_explanation(text, MacroValues(Envelope(ip, "a@b.example"), ROOT))
    assert found is None or (found == text) == ("%" not in text)


@given(st.text())
def test_a_name_for_a_query_fits(text: str) -> None:
    name = query_name(text)
    if name is not None:
        assert name.is_absolute()
        assert len(name.to_wire()) <= MAX_NAME_BYTES + 2
    domain = domain_name(text)
    assert domain is None or domain_name(name_text(domain)) == domain
