"""DkimKey specs: sizes and selectors."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.common import Adoption
from mailseal.domain.dkimkey import DkimKeySpec, KeyAlgorithm, SigningKey
from mailseal.domain.keysecret import SecretLayout
from mailseal.domain.selectors import RANDOM_CHARACTERS, RANDOM_LENGTH
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
    spec = dkim_key(selectorTemplate="{algorithm}.ms{date}-{random}-{number}")
    selector = spec.selector(KeyAlgorithm.ED25519, date(2026, 3, 9), "ab2c7", number=12)
    assert selector == "ed25519.ms20260309-ab2c7-12"


def test_one_key_may_have_a_fixed_selector() -> None:
    spec = dkim_key(selectorTemplate="mail")
    assert spec.selector(KeyAlgorithm.RSA, date(2026, 3, 9), "ab2c7", number=1) == "mail"


@given(
    template=st.lists(st.sampled_from(["{date}", "{random}", "{number}", "ms"]), min_size=1, max_size=3),
    days=st.integers(1, 400),
    made_at=st.datetimes(),
    earlier=st.floats(0, 0.5),
)
def test_an_interval_that_is_taken_makes_other_selectors_without_luck(
    template: list[str], days: int, made_at: datetime, earlier: float
) -> None:
    """A template with {random} aside, the next set has another selector however early the jitter lets it."""
    try:
        spec = dkim_key(selectorTemplate="".join(template), rotation={"interval": f"{days}d"})
    except InvalidSpec:
        assert not {"{random}", "{number}"} & set(template)
        return
    try:
        later = made_at + timedelta(days=days) * (1 - earlier)
    except OverflowError:
        return
    if "{random}" not in template:
        first = spec.selector(KeyAlgorithm.RSA, made_at.date(), "", number=1)
        assert spec.selector(KeyAlgorithm.RSA, later.date(), "", number=2) != first


def test_a_secret_holds_the_stable_layout_unless_told_otherwise() -> None:
    assert dkim_key().secret.layouts == (SecretLayout.STABLE,)
    assert dkim_key(secret={"layouts": []}).secret.layouts == ()


def test_short_keys_need_an_allowance() -> None:
    keys = [{"algorithm": "RSA", "size": 1024}]
    assert dkim_key(keys=keys, allowShortKeys=True).keys[0].bits == 1024


def test_imported_keys_keep_their_order() -> None:
    imports = [{"selector": name, "secretName": "old", "secretKey": "key"} for name in ("b", "a")]
    assert [entry.selector for entry in dkim_key(imports=imports).imports] == ["b", "a"]


def test_names_have_to_fit_where_the_keys_are_delegated_to() -> None:
    far = {"domain": f"{'a.' * 111}example", "providerRef": {"name": "keys"}}
    spec = dkim_key(delegation=far, selectorTemplate="{random}")
    assert spec.name_fits("a" * 12)
    assert not spec.name_fits("a" * 13)
    assert dkim_key().name_fits("a" * 13)


def test_the_zone_of_a_delegation_sees_the_same_keys_at_its_own_domain() -> None:
    delegation = {"domain": "keys.example", "providerRef": {"name": "keys"}}
    spec = dkim_key(delegation=delegation, adoption="Replace", selectorTemplate="m{number}")
    assert spec.domain_name == "zorg-voorbeeld.example"
    assert spec.delegation is not None
    moved = spec.at_delegation(spec.delegation)
    assert (moved.domain, moved.domain_name) == ("keys.example", DnsName.parse("keys.example"))
    assert (moved.provider_ref.name, moved.adoption, moved.delegation) == ("keys", Adoption.REPLACE, None)
    assert (moved.keys, moved.selector_template) == (spec.keys, "m{number}")


def test_algorithms_tell_two_keys_apart() -> None:
    keys = [{"algorithm": "RSA"}, {"algorithm": "Ed25519"}]
    assert dkim_key(keys=keys, selectorTemplate="{algorithm}").selectors_differ


@given(
    template=st.lists(
        st.sampled_from(
            ["{date}", "{random}", "{algorithm}", "{number}", "ms", "-", ".", "A", "_", "{", "7"]
        ),
        max_size=8,
    ).map("".join),
    algorithm=st.sampled_from(KeyAlgorithm),
    made_on=st.dates(),
    random=st.text(st.sampled_from(RANDOM_CHARACTERS), min_size=RANDOM_LENGTH, max_size=RANDOM_LENGTH),
    number=st.integers(1, 9999),
)
def test_every_template_that_is_taken_makes_publishable_names(
    template: str, algorithm: KeyAlgorithm, made_on: date, random: str, number: int
) -> None:
    """RFC 6376 section 3.1: labels of letters, digits and hyphens; RFC 1035: at most 253 characters."""
    try:
        spec = dkim_key(selectorTemplate=template)
    except InvalidSpec:
        return
    selector = spec.selector(algorithm, made_on, random, number)
    name = DnsName.parse(f"{selector}._domainkey.{spec.domain}")
    assert name == f"{selector}._domainkey.{spec.domain}"
    assert all(label.replace("-", "a").isalnum() for label in selector.split("."))
    assert not any(label.startswith("-") or label.endswith("-") for label in selector.split("."))
