"""MTA-STS policies: reading, writing and matching hosts (RFC 8461 sections 3.2 and 4.1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.records.errors import InvalidRecord
from mailseal.records.mta_sts_policy import MAX_MAX_AGE, Mode, StsPolicy
from mailseal.records.names import DnsName
from support.record_strategies import mutations

EXAMPLE = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmax_age: 604800\n"
HOSTS = st.lists(
    st.from_regex(r"(\*\.)?[a-z][a-z0-9]{0,8}(\.[a-z][a-z0-9]{0,8}){0,3}", fullmatch=True), min_size=1
)
POLICIES = st.builds(
    StsPolicy,
    st.sampled_from(Mode),
    st.integers(0, 31557600).map(lambda seconds: timedelta(seconds=seconds)),
    HOSTS.map(tuple),
)


@given(POLICIES)
def test_a_printed_policy_is_read_as_it_was(policy: StsPolicy) -> None:
    assert StsPolicy.parse(policy.to_text()) == policy
    assert StsPolicy.parse(policy.to_text().replace("\r\n", "\n")) == policy


@given(mutations(POLICIES.map(StsPolicy.to_text)))
def test_any_text_is_a_policy_or_an_invalid_record(text: str) -> None:
    try:
        policy = StsPolicy.parse(text)
    except InvalidRecord:
        return
    assert StsPolicy.parse(policy.to_text()) == policy


def test_the_example_of_rfc_8461_is_read() -> None:
    assert StsPolicy.parse(EXAMPLE) == StsPolicy(
        Mode.ENFORCE, timedelta(days=7), ("mail.example.com", "*.example.net")
    )


def test_of_a_key_that_stands_twice_the_first_counts_and_unknown_keys_are_ignored() -> None:
    policy = StsPolicy.parse(f"{EXAMPLE}mode: none\nmax_age: 1\nfuture_key: a value\n")
    assert policy == StsPolicy.parse(EXAMPLE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        EXAMPLE.replace("version: STSv1\n", ""),
        EXAMPLE.replace("STSv1", "STSv2"),
        EXAMPLE.replace("mode: enforce\n", ""),
        EXAMPLE.replace("enforce", "Enforce"),
        EXAMPLE.replace("max_age: 604800\n", ""),
        EXAMPLE.replace("604800", "-1"),
        EXAMPLE.replace("604800", "31557601"),
        EXAMPLE.replace("604800", "9" * 5000),
        EXAMPLE.replace("mx: mail.example.com\nmx: *.example.net\n", ""),
        EXAMPLE.replace("*.example.net", "mail.*.net"),
        EXAMPLE.replace("*.example.net", ".example.net"),
        EXAMPLE.replace("*.example.net", "*"),
        EXAMPLE + "no colon\n",
        "<!DOCTYPE html><html></html>",
    ],
)
def test_what_rfc_8461_does_not_allow_is_refused(text: str) -> None:
    with pytest.raises(InvalidRecord):
        StsPolicy.parse(text)


def test_a_policy_of_the_mode_none_needs_no_hosts() -> None:
    assert StsPolicy.parse("version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n").mx == ()


def test_the_age_has_bounds() -> None:
    with pytest.raises(InvalidRecord):
        StsPolicy(Mode.NONE, MAX_MAX_AGE + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("host", "is_covered"),
    [
        ("mail.example.com", True),
        ("a.example.net", True),
        ("a.b.example.net", False),
        ("example.net", False),
        ("other.example.com", False),
        ("net", False),
    ],
)
def test_a_wildcard_stands_for_exactly_one_label(host: str, is_covered: bool) -> None:
    assert StsPolicy.parse(EXAMPLE).covers(DnsName(host)) is is_covered
