"""Signatures of single RRsets, and the work that a zone can cause with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import dns.dnssec
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.validating import signatures
from mailseal.checks.validating.signatures import (
    DNSKEY,
    MAX_VERIFICATIONS,
    RRSIG,
    Flaw,
    Verified,
    verify,
    zone_keys,
)

ZONE = dns.name.from_text("good.nl")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = dns.dnssec.make_dnskey(PRIVATE.public_key(), "ECDSAP256SHA256", flags=257)


def rrset(owner: str = "mx.good.nl.", text: str = "127.0.0.1") -> dns.rrset.RRset:
    return dns.rrset.from_text(owner, 60, "IN", "A", text)


def signed(data: dns.rrset.RRset, since: float = -1, until: float = 1, **changes: Any) -> RRSIG:
    """A signature from `since` to `until` days from now, with fields changed afterwards."""
    made = dns.dnssec.sign(
        data,
        PRIVATE,
        ZONE,
        KEY,
        inception=NOW + timedelta(days=since),
        expiration=NOW + timedelta(days=until),
    )
    changed = made.replace(**changes)
    assert isinstance(changed, RRSIG)
    return changed


def reason(data: dns.rrset.RRset, *signatures: RRSIG, keys: tuple[DNSKEY, ...] = (KEY,)) -> str:
    found = verify(data, signatures, ZONE, keys, NOW)
    return found.reason if isinstance(found, Flaw) else ""


def test_a_good_signature_among_bad_ones_is_enough() -> None:
    data = rrset()
    assert not reason(data, signed(data, -3, -2), signed(data, signature=b"x" * 64), signed(data))


def test_the_validity_is_that_of_the_signature_that_counted() -> None:
    data = rrset()
    found = verify(data, (signed(data, -3, -2), signed(data, -1, 5)), ZONE, (KEY,), NOW)
    assert isinstance(found, Verified)
    assert found.validity.until == NOW + timedelta(days=5)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"signer": dns.name.from_text("nl")}, "signed by nl instead of good.nl"),
        ({"key_tag": 1}, "key 1, which the zone does not have"),
        ({"algorithm": 8}, "which the zone does not have"),
        ({"labels": 4}, "longer name"),
        ({"signature": b"x" * 64}, "does not fit the data"),
        ({"signature": b""}, "does not fit the data"),
        ({"original_ttl": 61}, "does not fit the data"),
        ({"type_covered": dns.rdatatype.TXT}, "does not fit the data"),
    ],
)
def test_each_field_counts(changes: dict[str, Any], told: str) -> None:
    data = rrset()
    assert told in reason(data, signed(data, **changes))


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        (-3, -2, "expired on 2026-11-22 12:00 UTC"),
        (2, 3, "not valid before 2026-11-26 12:00 UTC"),
        (-1, 0, ""),
        (0, 1, ""),
        (-2, -1 / 86400, "expired"),
        (1 / 86400, 1, "not valid before"),
    ],
)
def test_the_time_counts_to_the_second(since: float, until: float, told: str) -> None:
    data = rrset()
    assert told in reason(data, signed(data, since, until))
    assert bool(reason(data, signed(data, since, until))) == bool(told)


def test_no_signature_is_told_as_such() -> None:
    assert reason(rrset()) == "it is not signed"


def test_a_wildcard_is_recognised_by_its_labels() -> None:
    made = signed(rrset("*.good.nl."))
    found = verify(rrset("x.y.good.nl."), (made,), ZONE, (KEY,), NOW)
    assert isinstance(found, Verified)
    assert found.encloser == ZONE
    itself = verify(rrset("*.good.nl."), (made,), ZONE, (KEY,), NOW)
    assert isinstance(itself, Verified)
    assert itself.encloser is None


@given(text=st.ip_addresses(v=4).map(str), owner=st.sampled_from(("mx.good.nl.", "other.good.nl.")))
def test_a_signature_is_for_one_name_and_its_data(text: str, owner: str) -> None:
    made = signed(rrset())
    same = (text, owner) == ("127.0.0.1", "mx.good.nl.")
    assert bool(reason(rrset(owner, text), made)) != same


def test_a_zone_cannot_cause_endless_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """KeyTrap, CVE-2023-50387: many keys with one tag, and many signatures by that tag."""
    tries = []
    monkeypatch.setattr(signatures, "_matches", lambda *_: tries.append(1))
    data = rrset()
    forged = tuple(signed(data, signature=bytes([number]) * 64) for number in range(100))
    assert reason(data, *forged, keys=(KEY,) * 100)
    assert len(tries) <= MAX_VERIFICATIONS


@pytest.mark.parametrize(
    "changes", [{"flags": 1}, {"protocol": 2}, {"algorithm": 1}, {"algorithm": 200}], ids=str
)
def test_keys_that_may_not_sign_a_zone_are_left_out(changes: dict[str, int]) -> None:
    """RFC 4034 section 2.1: the zone key flag, protocol 3, and an algorithm that is known."""
    other = KEY.replace(**changes)
    assert zone_keys(dns.rrset.from_rdata(ZONE, 60, KEY, other)) == (KEY,)


@pytest.mark.parametrize(
    ("exponent", "modulus_bytes", "kept"),
    [
        (b"\x01\x00\x01", 256, True),
        (b"\x01\x00\x01", 512, True),
        (b"\x01\x00\x01", 513, False),
        (b"\x01" * 9, 256, False),
    ],
)
@pytest.mark.parametrize("long_form", [False, True])
def test_rsa_keys_that_cost_too_much_are_left_out(
    exponent: bytes, modulus_bytes: int, kept: bool, long_form: bool
) -> None:
    """A zone must not slow a run down by keys that nobody uses."""
    length = b"\0" + len(exponent).to_bytes(2, "big") if long_form else bytes([len(exponent)])
    key = KEY.replace(algorithm=8, key=length + exponent + b"\xff" * modulus_bytes)
    assert bool(zone_keys(dns.rrset.from_rdata(ZONE, 60, key))) is kept


@given(key=st.binary(max_size=600), number=st.sampled_from((5, 8, 13)))
def test_any_key_is_kept_or_left_out(key: bytes, number: int) -> None:
    assert len(zone_keys(dns.rrset.from_rdata(ZONE, 60, KEY.replace(key=key, algorithm=number)))) in {0, 1}


@given(
    key=st.binary(max_size=80),
    signature=st.binary(max_size=80),
    number=st.sampled_from((5, 8, 10, 13, 14, 15, 16)),
)
def test_garbage_keys_and_signatures_are_only_wrong(key: bytes, signature: bytes, number: int) -> None:
    garbage = KEY.replace(key=key, algorithm=number)
    assert isinstance(garbage, DNSKEY)
    data = rrset()
    tag = dns.dnssec.key_id(garbage)
    made = signed(data, algorithm=number, key_tag=tag, signature=signature)
    assert "does not fit the data" in reason(data, made, keys=(garbage,))
