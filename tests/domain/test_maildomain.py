"""MailDomain specs and the records that they ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.common import HOST
from mailseal.domain.externaldkim import ExternalSelector
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.specs import InvalidSpec, parse_spec
from mailseal.domain.spf import Sender, SpfSpec
from mailseal.records.dkim import KeyType
from mailseal.records.names import DnsName
from support.manifests import spec_of


def mail_domain(**changes: object) -> MailDomainSpec:
    spec = parse_spec("MailDomain", spec_of("MailDomain", changes))
    assert isinstance(spec, MailDomainSpec)
    return spec


def test_domain_is_a_name_to_compare() -> None:
    assert mail_domain(domain="xn--zrg-sna.example").domain_name == DnsName.parse("zörg.example")


@given(domain=st.from_regex(HOST, fullmatch=True))
def test_every_domain_that_is_taken_is_its_own_name(domain: str) -> None:
    """The pattern of the CRD lets nothing through that is no name in DNS, or another one than it looks."""
    try:
        spec = mail_domain(domain=domain)
    except InvalidSpec:
        assert len(domain) > 253
        return
    assert spec.domain_name == domain


def test_spf_record_has_mechanisms_then_senders_then_all() -> None:
    spf = SpfSpec.model_validate(
        {"mechanisms": ["ip4:192.0.2.0/24", "mx"], "senders": ["zorgmail", "microsoft365"], "all": "softfail"}
    )
    assert str(spf.record) == (
        "v=spf1 ip4:192.0.2.0/24 mx include:_spf.zorgmail.nl include:spf.protection.outlook.com ~all"
    )


def test_spf_of_a_domain_that_sends_no_mail() -> None:
    assert str(SpfSpec().record) == "v=spf1 -all"


@pytest.mark.parametrize("sender", Sender)
def test_every_sender_has_its_include(sender: Sender) -> None:
    assert str(SpfSpec(senders=(sender,)).record) == f"v=spf1 {sender.mechanism} -all"


@pytest.mark.parametrize(
    ("mechanism", "words"),
    [
        ("include:%{x}.example.net", "macro letter 'x'"),
        ("exists:example", "example"),
        ("a/33", "prefix length /33 is over 32"),
        ("mx//129", "prefix length /129 is over 128"),
        ("include:a.example.net/24", "top label"),
    ],
)
def test_refuses_a_mechanism_that_only_the_grammar_tells_from_a_good_one(mechanism: str, words: str) -> None:
    with pytest.raises(InvalidSpec, match=r"spec\.spf\.mechanisms\[0\]: ") as caught:
        mail_domain(spf={"mechanisms": [mechanism]})
    assert words in str(caught.value)


def test_addresses_do_not_count_as_look_ups() -> None:
    mechanisms = [f"ip4:192.0.2.{number}" for number in range(20)] + ["mx"] * 9
    spf = mail_domain(spf={"mechanisms": mechanisms, "senders": ["google"]}).spf
    assert spf is not None
    assert spf.lookup_terms == 10


KEY_RECORD = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def external(**fields: object) -> ExternalSelector:
    spec = mail_domain(dkim={"externalSelectors": [{"selector": "s1", **fields}]})
    assert spec.dkim is not None
    (entry,) = spec.dkim.external_selectors
    return entry


def test_an_external_selector_is_only_watched_unless_told_otherwise() -> None:
    assert (external().cname, external().record) == (None, None)


def test_an_external_selector_has_the_record_that_the_vendor_gave() -> None:
    record = external(txt=KEY_RECORD).record
    assert record is not None
    assert record.key_type is KeyType.ED25519
    assert record.to_text() == KEY_RECORD


@pytest.mark.parametrize(
    ("txt", "words"),
    [
        ("v=DKIM1; k=ed25519; p=AAAA", "an Ed25519 key has 32 bytes"),
        ("v=DKIM1; k=rsa; p=%%%", "the key is not base64"),
        ("v=DKIM2; p=", "version must be DKIM1"),
        ("v=DKIM1; k=dsa; p=", "the key type"),
        ("v=DKIM1; p=; p=", "p"),
    ],
)
def test_refuses_a_key_record_that_only_the_grammar_tells_from_a_good_one(txt: str, words: str) -> None:
    with pytest.raises(InvalidSpec, match=r"spec\.dkim\.externalSelectors\[0\]\.txt: ") as caught:
        external(txt=txt)
    assert words in str(caught.value)


def test_parked_stands_alone() -> None:
    spec = parse_spec(
        "MailDomain", {"domain": "oude-naam.example", "providerRef": {"name": "zone"}, "parked": True}
    )
    assert isinstance(spec, MailDomainSpec)
    assert spec.parked
