"""TLSA records against chains, without DNS and servers."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.hosts.tlsa import Association, Match, effective, match_chain
from mailseal.checks.smtp.certificates import Certificate, read_certificate
from mailseal.records.names import DnsName
from support.mailcertificates import Authority, Issued, self_signed

NOW = datetime.now(UTC)
HOST = DnsName("mx.zorg.example")
ROOT = Authority.root("root")
MIDDLE = ROOT.intermediate("middle")
STRANGER = Authority.root("stranger")
ISSUED = MIDDLE.issue(HOST, with_root=True)


def read(issued: Issued) -> tuple[Certificate, ...]:
    return tuple(read_certificate(der) for der in issued.chain_der)


CHAIN = read(ISSUED)
LEAF, INTERMEDIATE, ANCHOR = CHAIN


def tlsa(usage: int, selector: int, matching_type: int, certificate: Certificate) -> Association:
    """The right record for a certificate."""
    data = certificate.public_key_info if selector else certificate.der
    made = {1: hashlib.sha256, 2: hashlib.sha512}.get(matching_type)
    return Association(usage, selector, matching_type, made(data).digest() if made else data)


def match(
    *records: Association,
    chain: tuple[Certificate, ...] = CHAIN,
    name: str = HOST,
    now: datetime = NOW,
) -> Match:
    return match_chain(effective(records), chain, (DnsName(name),), now)


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching_type", [0, 1, 2])
@pytest.mark.parametrize(
    ("usage", "certificate"), [(3, LEAF), (2, INTERMEDIATE), (2, ANCHOR)], ids=["EE", "TA", "root"]
)
def test_all_kinds_match(usage: int, selector: int, matching_type: int, certificate: Certificate) -> None:
    assert match(tlsa(usage, selector, matching_type, certificate)) is Match.MATCHES


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching_type", [0, 1, 2])
@pytest.mark.parametrize(
    ("usage", "certificate"), [(3, INTERMEDIATE), (3, ANCHOR), (2, LEAF)], ids=["TA", "root", "EE"]
)
def test_the_usage_decides_what_is_compared(
    usage: int, selector: int, matching_type: int, certificate: Certificate
) -> None:
    assert match(tlsa(usage, selector, matching_type, certificate)) is Match.NOTHING_MATCHES


def test_one_of_several_is_enough() -> None:
    """As during a change of the key: the old and the new."""
    other = read(self_signed(HOST))[0]
    assert match(tlsa(3, 1, 1, other), tlsa(3, 1, 1, LEAF)) is Match.MATCHES
    assert match(tlsa(2, 1, 1, other), tlsa(3, 1, 1, LEAF)) is Match.MATCHES
    assert match(tlsa(3, 1, 1, other), tlsa(2, 1, 1, ANCHOR)) is Match.MATCHES
    assert match(tlsa(3, 1, 1, other)) is Match.NOTHING_MATCHES


def test_the_strongest_digest_decides() -> None:
    """RFC 7671 section 9; whole values always count."""
    other = read(self_signed(HOST))[0]
    assert match(tlsa(3, 1, 1, LEAF), tlsa(3, 1, 2, other)) is Match.NOTHING_MATCHES
    assert match(tlsa(3, 1, 1, other), tlsa(3, 1, 2, LEAF)) is Match.MATCHES
    assert match(tlsa(3, 1, 0, LEAF), tlsa(3, 1, 2, other)) is Match.MATCHES
    assert match(tlsa(3, 0, 1, LEAF), tlsa(3, 1, 2, other)) is Match.MATCHES


def test_usage_3_looks_at_neither_name_nor_time() -> None:
    """RFC 7672 section 3.1.1."""
    expired = read(self_signed("elsewhere.example", valid_for=timedelta(days=-100)))
    assert match(tlsa(3, 1, 1, expired[0]), chain=expired) is Match.MATCHES


def test_usage_2_looks_at_the_name() -> None:
    elsewhere = read(MIDDLE.issue("elsewhere.example", with_root=True))
    assert match(tlsa(2, 1, 1, ANCHOR), chain=elsewhere) is Match.WRONG_NAME
    assert match(tlsa(2, 1, 1, ANCHOR), chain=elsewhere, name="elsewhere.example") is Match.MATCHES


def test_usage_2_looks_at_the_time() -> None:
    expired = read(MIDDLE.issue(HOST, valid_for=timedelta(days=-1), with_root=True))
    assert match(tlsa(2, 1, 1, ANCHOR), chain=expired) is Match.OUT_OF_TIME
    assert match(tlsa(2, 1, 1, ANCHOR), now=NOW + timedelta(days=366)) is Match.OUT_OF_TIME


def test_usage_2_needs_the_anchor_in_the_chain() -> None:
    """Unless the record holds the whole certificate (RFC 7672 section 3.1.2)."""
    assert match(tlsa(2, 0, 1, ANCHOR), chain=CHAIN[:2]) is Match.NOTHING_MATCHES
    assert match(tlsa(2, 1, 0, ANCHOR), chain=CHAIN[:2]) is Match.NOTHING_MATCHES
    assert match(tlsa(2, 0, 0, ANCHOR), chain=CHAIN[:2]) is Match.MATCHES
    assert match(tlsa(2, 0, 0, ANCHOR), chain=CHAIN[:1]) is Match.NOTHING_MATCHES


def test_usage_2_needs_signatures_up_to_the_anchor() -> None:
    """An anchor that only lies beside the chain proves nothing."""
    beside = read(self_signed(HOST)) + CHAIN[1:]
    assert match(tlsa(2, 0, 1, ANCHOR), chain=beside) is Match.NOTHING_MATCHES
    stranger = read(STRANGER.issue(HOST, with_root=True))
    assert match(tlsa(2, 0, 1, ANCHOR), chain=(*stranger, ANCHOR)) is Match.NOTHING_MATCHES


def test_the_order_of_the_chain_does_not_matter() -> None:
    assert match(tlsa(2, 1, 1, ANCHOR), chain=(LEAF, ANCHOR, INTERMEDIATE)) is Match.MATCHES


def test_a_self_signed_certificate_may_be_its_own_anchor() -> None:
    own = read(self_signed(HOST))
    assert match(tlsa(2, 0, 1, own[0]), chain=own) is Match.MATCHES


def test_the_common_name_counts_where_there_is_no_other() -> None:
    """RFC 7672 section 3.2.3."""
    nameless = Certificate(
        **{name: getattr(LEAF, name) for name in Certificate.__slots__} | {"names": ()}  # type: ignore[arg-type]
    )
    assert match(tlsa(2, 1, 1, ANCHOR), chain=(nameless, *CHAIN[1:])) is Match.MATCHES


@pytest.mark.parametrize(
    ("record", "usable"),
    [
        (Association(3, 1, 1, bytes(32)), True),
        (Association(2, 0, 2, bytes(64)), True),
        (Association(3, 0, 0, b"any"), True),
        (Association(3, 0, 0, b""), False),
        (Association(0, 1, 1, bytes(32)), False),
        (Association(1, 1, 1, bytes(32)), False),
        (Association(4, 1, 1, bytes(32)), False),
        (Association(255, 1, 1, bytes(32)), False),
        (Association(3, 2, 1, bytes(32)), False),
        (Association(3, 1, 1, bytes(31)), False),
        (Association(3, 1, 2, bytes(32)), False),
        (Association(3, 1, 3, bytes(32)), False),
    ],
)
def test_what_is_of_use_for_mail(record: Association, usable: bool) -> None:
    assert record.is_usable is usable
    assert effective([record]) == ((record,) if usable else ())


octets = st.integers(0, 255)
records = st.builds(Association, octets, octets, octets, st.binary(max_size=80))


@given(st.lists(records, max_size=6))
def test_other_records_never_match(others: list[Association]) -> None:
    assert match(*others) is Match.NOTHING_MATCHES
    assert set(effective(others)) <= set(others)


@given(st.lists(records, max_size=6))
def test_other_records_hide_at_most_a_weaker_digest(others: list[Association]) -> None:
    assert match(*others, tlsa(3, 1, 2, LEAF)) is Match.MATCHES
    assert match(*others, tlsa(3, 1, 0, LEAF)) is Match.MATCHES


def test_without_a_chain_nothing_matches() -> None:
    assert match(tlsa(3, 1, 1, LEAF), chain=()) is Match.NOTHING_MATCHES
