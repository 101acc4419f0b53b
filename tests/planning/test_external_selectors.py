"""What is found of selectors that others run, look after look."""

from __future__ import annotations

import base64
from datetime import timedelta
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.status import SelectorState
from mailseal.planning.external_selectors import (
    GRACE,
    KeyChange,
    SelectorFinding,
    WatchedSelector,
    digest_of,
    judge,
)
from mailseal.records.dkim import DkimRecord
from mailseal.records.names import DnsName
from mailseal.records.selector_answer import (
    NoSelectorRecord,
    SelectorAnswer,
    SelectorRecords,
    SelectorUnanswered,
)
from support.planning_world import NOW

NAME = "s1._domainkey.example.nl"
TARGET = DnsName("s1.vendor.example")
SILENT = SelectorUnanswered("no answer came within 10 s")
GONE = NoSelectorRecord()
BY_USER = WatchedSelector("s1", NAME)
BY_VENDOR = WatchedSelector("s1", NAME, KeyChange.BY_VENDOR)
LATER = NOW + timedelta(minutes=5)


def ed25519(number: int = 1) -> str:
    return DkimRecord.for_ed25519(bytes([number]) * 32).to_text()


@cache
def rsa(bits: int, *, pkcs1: bool = False) -> str:
    key = generate_private_key(65537, bits).public_key()
    form = PublicFormat.PKCS1 if pkcs1 else PublicFormat.SubjectPublicKeyInfo
    return f"v=DKIM1; k=rsa; p={base64.b64encode(key.public_bytes(Encoding.DER, form)).decode()}"


def standing(*texts: str, target: DnsName | None = None) -> SelectorRecords:
    return SelectorRecords(texts, (target,) if target else ())


def seen(watched: WatchedSelector, *answers: SelectorAnswer) -> SelectorFinding:
    """What is known after looks five minutes apart."""
    found = None
    for number, answer in enumerate(answers):
        found = judge(watched, found, answer, NOW + number * timedelta(minutes=5))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("answer", "state", "message"),
    [
        (standing(ed25519()), "Working", ""),
        (standing(ed25519(), "a note about this name"), "Working", ""),
        (standing(rsa(2048)), "Working", ""),
        (standing(rsa(2048, pkcs1=True)), "Working", ""),
        (standing("v=DKIM1; t=y; p=" + ed25519().split("p=")[1] + "; k=ed25519"), "Working", ""),
        (standing(rsa(1024)), "Weak", "has 1024 bits"),
        (standing("v=DKIM1; k=rsa; p="), "Revoked", "is revoked"),
        (standing(ed25519(1), ed25519(2)), "Invalid", "holds 2 DKIM key records"),
        (standing("hello"), "Invalid", "holds no DKIM key record"),
        (standing("v=DKIM1; k=rsa; p=AAAA"), "Invalid", "no valid DKIM key record"),
        (standing(ed25519() + "; h=sha1"), "Invalid", "does not allow sha256"),
        (GONE, "Gone", "there is no TXT record"),
        (NoSelectorRecord((TARGET,)), "Gone", "is a CNAME to s1.vendor.example, where no TXT record stands"),
        (SILENT, "Unknown", "cannot be looked up: no answer came within 10 s"),
    ],
)
def test_each_answer_has_its_state_and_says_what_is_amiss(answer, state, message) -> None:
    found = seen(BY_USER, answer)
    assert (found.state, found.since) == (SelectorState(state), NOW)
    assert message in found.message
    assert bool(found.message) is (state != "Working")


def test_a_key_under_1024_bits_is_invalid() -> None:
    """RFC 8301 section 3.2. The key is an old one: none so short can be made any more."""
    short = (
        "v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKVYUiFdnLhi8BjWrMRcO4uXcKsDKOUSMH1CsESb7sdYfvoYSJUWvDM6"
        "9pN4iNVRPgBM5LTxU0+8tuUpU06HKH0CAwEAAQ=="
    )
    found = seen(BY_USER, standing(short))
    assert found.state is SelectorState.INVALID
    assert "512 bits; none under 1024 is valid" in found.message


def test_the_target_of_a_cname_is_told() -> None:
    assert seen(BY_VENDOR, standing(ed25519(), target=TARGET)).target == TARGET


def test_a_new_key_behind_a_cname_is_the_vendors_rotation() -> None:
    found = seen(BY_VENDOR, standing(ed25519(1)), standing(ed25519(2)))
    assert (found.state, found.rotated, found.since) == (SelectorState.WORKING, True, NOW)
    assert seen(BY_VENDOR, standing(ed25519(1)), standing(ed25519(2)), standing(ed25519(2))).rotated is False


def test_another_key_that_nobody_announced_stays_reported_until_it_changes_back() -> None:
    found = seen(BY_USER, standing(ed25519(1)), standing(ed25519(2)), standing(ed25519(2)))
    assert (found.state, found.since) == (SelectorState.CHANGED, LATER)
    assert judge(BY_USER, found, standing(ed25519(1)), LATER).state is SelectorState.WORKING


def test_a_change_of_the_spec_accepts_the_key_that_stands() -> None:
    changed = seen(BY_USER, standing(ed25519(1)), standing(ed25519(2)))
    accepted = judge(BY_USER, changed, standing(ed25519(2)), LATER, acknowledged=True)
    assert accepted.state is SelectorState.WORKING
    assert judge(BY_USER, accepted, standing(ed25519(2)), LATER).state is SelectorState.WORKING


def test_a_change_of_the_spec_counts_at_the_next_answer_when_nobody_answers_just_then() -> None:
    changed = seen(BY_USER, standing(ed25519(1)), standing(ed25519(2)))
    silent = judge(BY_USER, changed, SILENT, LATER, acknowledged=True)
    assert silent.state is SelectorState.CHANGED
    assert judge(BY_USER, silent, standing(ed25519(2)), LATER).state is SelectorState.WORKING


def test_the_key_of_the_spec_is_the_one_to_expect_whatever_was_seen() -> None:
    watched = WatchedSelector("s1", NAME, record=ed25519(1))
    assert seen(watched, standing(ed25519(2))).state is SelectorState.CHANGED
    assert seen(watched, standing(ed25519(2)), standing(ed25519(1))).state is SelectorState.WORKING


def test_a_key_that_comes_back_as_another_is_noticed() -> None:
    for absence in (GONE, standing("v=DKIM1; p="), standing("hello")):
        found = seen(BY_USER, standing(ed25519(1)), absence, standing(ed25519(2)))
        assert found.state is SelectorState.CHANGED


def test_silence_changes_nothing_until_the_grace_is_over() -> None:
    works = seen(BY_USER, standing(ed25519()))
    silent = judge(BY_USER, works, SILENT, LATER)
    assert (silent.state, silent.silent_since) == (SelectorState.WORKING, LATER)
    almost = judge(BY_USER, silent, SILENT, LATER + GRACE - timedelta(seconds=1))
    assert almost.state is SelectorState.WORKING
    unknown = judge(BY_USER, almost, SILENT, LATER + GRACE)
    assert (unknown.state, unknown.since) == (SelectorState.UNKNOWN, LATER + GRACE)
    again = judge(BY_USER, unknown, standing(ed25519(2)), LATER + 2 * GRACE)
    assert again.state is SelectorState.CHANGED, "silence makes nobody forget the key"


def test_an_answer_ends_the_silence() -> None:
    works = seen(BY_USER, standing(ed25519()), SILENT, standing(ed25519()))
    assert (works.state, works.silent_since) == (SelectorState.WORKING, None)


def test_a_key_has_one_digest_in_both_forms() -> None:
    key = generate_private_key(65537, 2048).public_key()
    forms = [
        key.public_bytes(Encoding.DER, form)
        for form in (PublicFormat.PKCS1, PublicFormat.SubjectPublicKeyInfo)
    ]
    texts = [f"v=DKIM1; p={base64.b64encode(form).decode()}" for form in forms]
    assert len({digest_of(DkimRecord.parse(text)) for text in texts}) == 1
    assert digest_of(DkimRecord.parse("v=DKIM1; p=")) == ""


answers = st.sampled_from(
    [standing(ed25519(1)), standing(ed25519(2)), standing("v=DKIM1; p="), standing("x"), GONE, SILENT]
)


@given(
    st.sampled_from([BY_USER, BY_VENDOR]),
    st.lists(st.tuples(answers, st.integers(-60, 60), st.booleans()), min_size=1, max_size=12),
)
def test_the_same_answer_again_is_no_news_and_no_time_lies_in_the_future(watched, looks) -> None:
    found = None
    now = NOW
    for answer, minutes, acknowledged in looks:
        now += timedelta(minutes=minutes)
        found = judge(watched, found, answer, now, acknowledged=acknowledged)
        assert found.since <= now
        assert found.silent_since is None or found.silent_since <= now
        assert not found.rotated or watched is BY_VENDOR
        assert found.state is not SelectorState.CHANGED or watched is BY_USER
        again = judge(watched, found, answer, now)
        assert (again.state, again.since, again.message) == (found.state, found.since, found.message)
        assert not again.rotated


@given(st.text(max_size=200))
def test_no_value_is_too_odd_to_be_judged(text) -> None:
    assert seen(BY_USER, standing(text)).state in set(SelectorState)
