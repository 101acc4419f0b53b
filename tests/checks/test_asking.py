"""Asking below a domain, and showing what was answered."""

from __future__ import annotations

import dns.name
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.answers import Presence
from mailseal.checks.asking import SHOWN_CHARACTERS, ask, ask_below, dns_name, shown
from mailseal.records.names import DnsName
from support.answers import ZoneResolver
from support.record_strategies import names

ZONE = 'care.example. TXT "apex"\n_dmarc.care.example. TXT "below"'


async def test_a_domain_and_names_below_it_are_asked() -> None:
    resolver, domain = ZoneResolver(ZONE), DnsName("care.example")
    assert (await ask(resolver, domain, dns.rdatatype.TXT)).texts == ("apex",)
    assert (await ask_below(resolver, "_dmarc", domain, dns.rdatatype.TXT)).texts == ("below",)


@pytest.mark.parametrize("labels", ["a" * 64, "..", ".", ".".join(["a" * 60] * 5), "\\999"])
async def test_a_name_that_dns_cannot_hold_does_not_exist_and_is_not_asked_for(labels: str) -> None:
    resolver = ZoneResolver(ZONE)
    answer = await ask_below(resolver, labels, DnsName("care.example"), dns.rdatatype.TXT)
    assert answer.presence is Presence.NO_NAME
    assert not resolver.asked


@given(names)
def test_a_name_of_dnspython_becomes_ours(name: DnsName) -> None:
    assert dns_name(dns.name.from_text(name.fqdn.upper())) == name


def test_the_root_is_the_empty_name() -> None:
    assert dns_name(dns.name.root) == ""


@given(st.text())
def test_what_is_shown_is_printable_and_not_too_long(text: str) -> None:
    assert shown(text).isascii()
    assert shown(text).isprintable()


def test_a_long_value_is_cut_and_a_shorter_one_is_not() -> None:
    assert shown("x" * SHOWN_CHARACTERS) == "x" * SHOWN_CHARACTERS
    assert shown("x" * (SHOWN_CHARACTERS + 1)) == "x" * SHOWN_CHARACTERS + "..."
