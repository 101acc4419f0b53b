"""DkimKey specs: sizes and selectors."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.dkimkey import (
    RANDOM_CHARACTERS,
    RANDOM_LENGTH,
    DkimKeySpec,
    KeyAlgorithm,
    SigningKey,
)
from mailseal.domain.specs import InvalidSpec, parse_spec
from mailseal.records.names import DnsName
from support.manifests import spec_of


def dkim_key(**changes: object) -> DkimKeySpec:
    spec = parse_spec("DkimKey", spec_of("DkimKey", changes))
    assert isinstance(spec, DkimKeySpec)
    return spec


def test_makes_one_rsa_key_of_2048_bits_unless_told_otherwise() -> None:
    assert [(key.algorithm, key.bits) for key in dkim_key().keys] == [(KeyAlgorithm.RSA, 2048)]


def test_sizes() -> None:
    assert SigningKey(algorithm=KeyAlgorithm.RSA).bits == 2048
    assert SigningKey(algorithm=KeyAlgorithm.RSA, size=4096).bits == 4096
    assert SigningKey(algorithm=KeyAlgorithm.ED25519).bits == 256


def test_selector_fills_in_the_placeholders() -> None:
    spec = dkim_key(selectorTemplate="{algorithm}.ms{date}-{random}")
    assert spec.selector(KeyAlgorithm.ED25519, date(2026, 3, 9), "ab2c7") == "ed25519.ms20260309-ab2c7"


def test_one_key_may_have_a_fixed_selector() -> None:
    assert dkim_key(selectorTemplate="mail").selector(KeyAlgorithm.RSA, date(2026, 3, 9), "ab2c7") == "mail"


def test_algorithms_tell_two_keys_apart() -> None:
    keys = [{"algorithm": "RSA"}, {"algorithm": "Ed25519"}]
    assert dkim_key(keys=keys, selectorTemplate="{algorithm}").selectors_differ


@given(
    template=st.lists(
        st.sampled_from(["{date}", "{random}", "{algorithm}", "ms", "-", ".", "A", "_", "{", "7"]), max_size=8
    ).map("".join),
    algorithm=st.sampled_from(KeyAlgorithm),
    made_on=st.dates(),
    random=st.text(st.sampled_from(RANDOM_CHARACTERS), min_size=RANDOM_LENGTH, max_size=RANDOM_LENGTH),
)
def test_every_template_that_is_taken_makes_publishable_names(
    template: str, algorithm: KeyAlgorithm, made_on: date, random: str
) -> None:
    """RFC 6376 section 3.1: labels of letters, digits and hyphens; RFC 1035: at most 253 characters."""
    try:
        spec = dkim_key(selectorTemplate=template)
    except InvalidSpec:
        return
    selector = spec.selector(algorithm, made_on, random)
    name = DnsName.parse(f"{selector}._domainkey.{spec.domain}")
    assert name == f"{selector}._domainkey.{spec.domain}"
    assert all(label.replace("-", "a").isalnum() for label in selector.split("."))
    assert not any(label.startswith("-") or label.endswith("-") for label in selector.split("."))
