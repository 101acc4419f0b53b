"""Trust anchors as settings give them, and those that everybody has."""

from __future__ import annotations

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import pytest

from mailseal.checks.validating import trust_anchors

ROOT_KEYS = {
    20326: (
        "257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN"
        "7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/"
        "EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfd"
        "RUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU="
    ),
    38696: (
        "257 3 8 AwEAAa96jeuknZlaeSrvyAJj6ZHv28hhOKkx3rLGXVaC6rXTsDc449/cidltpkyGwCJNnOAlFNKF2jBosZBU5eeH"
        "spaQWOmOElZsjICMQMC3aeHbGiShvZsx4wMYSjH8e7Vrhbu6irwCzVBApESjbUdpWWmEnhathWu1jo+siFUiRAAxm9qyJNg/"
        "wOZqqzL/dL/q8PkcRU5oUKEpUge71M3ej2/7CPqpdVwuMoTvoB+ZOT4YeGyxMvHmbrxlFzGOHOijtzN+u1TQNatX2XBuzZNQ"
        "1K+s2CXkPIZo7s6JgZyvaBevYtxPvYLw4z9mR7K2vaF18UYH9Z9GNUUeayffKC73PYc="
    ),
}
"""As `root.key` of the Debian package dns-root-data has them."""


def test_the_default_is_both_keys_of_the_root() -> None:
    """The digests are those of the keys that dns-root-data ships."""
    made = []
    for tag, text in ROOT_KEYS.items():
        key = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY, text)
        assert isinstance(key, dns.rdtypes.ANY.DNSKEY.DNSKEY)
        assert dns.dnssec.key_id(key) == tag
        made.append(dns.dnssec.make_ds(dns.name.root, key, "SHA256"))
    assert trust_anchors() == {dns.name.root: tuple(made)}


def test_a_key_is_as_good_as_its_digest() -> None:
    texts = [f". IN DNSKEY {text}" for text in ROOT_KEYS.values()]
    assert trust_anchors(texts) == trust_anchors()


def test_several_zones_may_be_anchored() -> None:
    digest = "00" * 32
    anchors = trust_anchors(
        (f"nl. DS 1 13 2 {digest}", f"example.com. 3600 IN DS 2 13 2 {digest}", f"nl. IN DS 3 8 2 {digest}")
    )
    assert {name.to_text(): [ds.key_tag for ds in found] for name, found in anchors.items()} == {
        "nl.": [1, 3],
        "example.com.": [2],
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        ". IN DS",
        ". IN A 127.0.0.1",
        "nonsense",
        ". IN DS 20326 8 2 XYZ",
        "; a comment",
        ". CH DS 1 8 2 00",
        "$INCLUDE /etc/passwd",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a DS or DNSKEY record"):
        trust_anchors((text,))
