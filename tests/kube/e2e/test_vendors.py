"""The running operator on Route 53 and Cloudflare, through providers of the whole cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.backends.cloudflare import TOKEN, CloudflareHarness
from support.backends.route53 import Route53Harness
from support.clustervendor import ClusterVendor
from support.servers.faultproxy import Fault, Kind
from support.servers.route53 import KEY_ID, SECRET

SPF = "v=spf1 ip4:192.0.2.0/28 -all"
WRONG = {"route53": {"access_key_id": "AKIAWRONGKEYWRONG000"}, "cloudflare": {"api_token": "w" * 40}}
VENDORS = {
    "route53": (Route53Harness, {"access-key-id": KEY_ID, "secret-access-key": SECRET}),
    "cloudflare": (CloudflareHarness, {"api-token": TOKEN}),
}


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest, new_world) -> Iterator[ClusterVendor]:
    """A zone at each vendor in turn, whose provider and Secret are still to be applied."""
    kind, credentials = VENDORS[request.param]
    harness = kind()
    with new_world() as world, ClusterVendor(world, harness, request.param, credentials) as made:
        yield made
    harness.close()


def test_mail_records_become_ready_and_go_and_what_is_others_stays(vendor: ClusterVendor) -> None:
    world, before = vendor.world, vendor.texts()
    vendor.put_secret()
    world.apply(
        vendor.provider(),
        world.mail_domain(providerRef=vendor.ref),
        world.nta_record(providerRef=vendor.ref),
        world.dkim_key(providerRef=vendor.ref, keys=[{"algorithm": "RSA"}]),
    )
    world.wait_ready("ClusterDnsProvider", vendor.name)
    for kind, name in (("MailDomain", "mail"), ("NtaRecord", "nta"), ("DkimKey", "dkim")):
        world.wait_ready(kind, name)
    added = [text for text in vendor.texts() if text not in before]
    assert added[1] == SPF
    assert added[0].startswith("v=NTA7516-1;")
    assert len(vendor.texts()) == len(before) + 2

    for kind, name in (("MailDomain", "mail"), ("NtaRecord", "nta"), ("DkimKey", "dkim")):
        world.delete(kind, name)
    for kind, name in (("MailDomain", "mail"), ("NtaRecord", "nta"), ("DkimKey", "dkim")):
        world.wait_gone(kind, name)
    assert vendor.texts() == before


def test_wrong_credentials_are_named_with_advice_and_the_right_ones_heal(vendor: ClusterVendor) -> None:
    world, before = vendor.world, vendor.texts()
    vendor.put_secret(**WRONG[vendor.type_name])
    world.apply(vendor.provider(), world.mail_domain(providerRef=vendor.ref))
    message = world.wait_reason("ClusterDnsProvider", vendor.name, "AuthenticationFailed")
    world.wait_reason("MailDomain", "mail", "AuthenticationFailed")
    assert "Secret" in message or "token" in message
    for secret in (*WRONG[vendor.type_name].values(), *vendor.credentials.values()):
        assert secret not in message
    assert vendor.texts() == before

    vendor.put_secret()
    world.wait_ready("ClusterDnsProvider", vendor.name)
    world.wait_ready("MailDomain", "mail")
    assert set(vendor.texts()) == {*before, SPF}


def test_a_backend_that_throttles_is_said_and_served_later(vendor: ClusterVendor) -> None:
    world, before = vendor.world, vendor.texts()
    vendor.put_secret()
    world.apply(vendor.provider())
    world.wait_ready("ClusterDnsProvider", vendor.name)
    vendor.front.add(Fault(Kind.ANSWER, 429, b"{}", {"Retry-After": "60"}, times=1_000_000))
    world.apply(world.mail_domain(providerRef=vendor.ref))
    world.wait_reason("MailDomain", "mail", "RateLimited")
    assert vendor.texts() == before

    vendor.front.clear()
    world.wait_ready("MailDomain", "mail")
    assert set(vendor.texts()) == {*before, SPF}
