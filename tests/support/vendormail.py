"""The mail of one organisation at every vendor, and a life of it in which one request fails."""

from __future__ import annotations

import base64
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mailseal.planning.model import Claim
from mailseal.records.names import DnsName
from support.backends import (
    AzureHarness,
    CloudflareHarness,
    GoogleHarness,
    Harness,
    OctoDnsHarness,
    PowerDnsApiHarness,
    Route53Harness,
    TransIpHarness,
    WebhookHarness,
)
from support.planning_world import dkim_key, gone, mail_domain, nta_record, spf
from support.vendorfronts import MakesFault, nth
from support.vendorlife import vendor_zone

QUICK_VENDORS: tuple[type[Harness], ...] = (
    Route53Harness,
    CloudflareHarness,
    AzureHarness,
    GoogleHarness,
    TransIpHarness,
    PowerDnsApiHarness,
)
SLOW_VENDORS: tuple[type[Harness], ...] = (WebhookHarness, OctoDnsHarness)
"""Those that work through a program or a library of others."""
SPF_TAG = "v=spf1"
SPF = "v=spf1 mx -all"
OTHER_SPF = "v=spf1 mx ip4:192.0.2.0/28 -all"
LABELS = ("", "_dmarc", "_smtp._tls", "m1._domainkey", "_mailseal")
"""Where records of ours stand."""
_MOST_REQUESTS = 60


@cache
def dkim_record() -> str:
    """The record of a new RSA key of 2048 bits: longer than a character-string."""
    key = rsa.generate_private_key(65537, 2048).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


def mail(zone: DnsName, *mechanisms: str) -> list[Claim]:
    """All resources of an organisation that seals its mail; `mechanisms` are those of its SPF."""
    return [
        mail_domain(
            domain=str(zone),
            **spf(*(mechanisms or ("mx",))),
            dmarc={"policy": "reject"},
            tls_rpt={"rua": [f"mailto:tls@{zone}"]},
        ),
        nta_record(domain=str(zone)),
        dkim_key("main", ("m1", dkim_record()), domain=str(zone)),
    ]


async def fail_each_request_once(harness: Harness, fault: MakesFault) -> None:
    """Change records and delete them, again and again, while one request fails, each in its turn.

    Whatever fails, after further syncs the end is the same, and what is others' is there at every look.
    """
    for number in range(_MOST_REQUESTS):
        if not await _live_through(harness, fault, number):
            assert number > 0, "no request could fail"
            return
    raise AssertionError(f"more than {_MOST_REQUESTS} requests")


async def _live_through(harness: Harness, fault: MakesFault, number: int) -> bool:
    """One change and one deletion while the `number`th request fails; whether there was such a request."""
    async with vendor_zone(harness) as world:
        await world.settle(*mail(world.zone))
        world.spf_counts.clear()
        injected = fault(harness, nth(world.front, number))
        world.front.add(injected)

        await world.settle(*mail(world.zone, "mx", "ip4:192.0.2.0/28"))
        assert [text for text in world.texts() if text.startswith(SPF_TAG)] == [OTHER_SPF]
        assert world.texts("m1._domainkey") == [dkim_record()]
        counts = "".join(map(str, world.spf_counts))
        assert "2" not in counts, f"SPF stood twice when request {number} failed: {counts}"
        longest_absence = "00" if harness.name == "transip" else "0"
        assert longest_absence not in counts, f"SPF was absent when request {number} failed: {counts}"

        await world.settle(*(gone(claim) for claim in mail(world.zone)))
        assert [world.ours(label) for label in LABELS] == [[]] * len(LABELS)
        assert world.losses == [], f"when request {number} failed"
        return injected.times == 0
