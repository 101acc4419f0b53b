"""Aliases that lead from a signed zone to an unsigned one below it."""

from __future__ import annotations

from collections.abc import Iterator

import dns.name
import dns.rdatatype
import pytest

from mailseal.checks.answers import Security
from mailseal.checks.resolving import open_resolver
from support.signedinternet import Denial, SignedInternet, SignedZone

RECORDS = "*.wild CNAME host.below\nmx A 127.0.0.1"
BELOW = SignedZone("host A 127.0.0.1", algorithm=None)


@pytest.fixture(scope="module")
def internet() -> Iterator[SignedInternet]:
    zones = {
        "first.nl": RECORDS,
        "below.first.nl": BELOW,
        "second.nl": SignedZone(RECORDS, denial=Denial.NSEC3),
        "below.second.nl": BELOW,
    }
    with SignedInternet(zones) as running:
        yield running


@pytest.mark.parametrize("rdtype", ["A", "AAAA", "MX"])
@pytest.mark.parametrize("zone", ["first.nl", "second.nl"])
async def test_a_wildcard_alias_to_an_unsigned_zone_is_insecure_and_not_bogus(
    internet: SignedInternet, zone: str, rdtype: str
) -> None:
    """The proof that nothing hides the wildcard says nothing of what the unsigned zone lacks."""
    async with open_resolver(internet.settings()) as resolver:
        name = dns.name.from_text(f"anything.wild.{zone}")
        found = await resolver.validate(name, dns.rdatatype.from_text(rdtype))
    assert found.security is Security.INSECURE
    assert f"no DS record for below.{zone}" in found.reason
