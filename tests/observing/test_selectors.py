"""Looking up selectors through a real zone of ours and, behind it, a real zone of a vendor."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from mailseal.observing import selectors
from mailseal.observing.authoritative import AuthoritativeObserver
from mailseal.observing.resolving import DelegatedServers, GivenServers
from mailseal.observing.selectors import SelectorLookup
from mailseal.records.names import DnsName
from mailseal.records.selector_answer import NoSelectorRecord, SelectorRecords, SelectorUnanswered
from support.servers import BindServer
from support.servers.fake import FakeDns, fake_dns

ZONE = DnsName("zorg.example")
KEY = "v=DKIM1; k=ed25519; p=" + "A" * 43 + "="
LONG = "v=DKIM1; k=rsa; p=" + "B" * 700
OURS = f"""
own._domainkey 60 TXT "{KEY}"
vendor._domainkey 60 CNAME zorg.keys.vendor.example.
chain._domainkey 60 CNAME first.keys.vendor.example.
long._domainkey 60 CNAME long.keys.vendor.example.
several._domainkey 60 CNAME several.keys.vendor.example.
dangling._domainkey 60 CNAME none.keys.vendor.example.
chain-to-nothing._domainkey 60 CNAME chained.keys.vendor.example.
no-txt._domainkey 60 CNAME mail.keys.vendor.example.
delegated._domainkey 60 NS ns.vendor.example.
"""
VENDORS = f"""
zorg 60 TXT "{KEY}"
first 60 CNAME second
second 60 CNAME zorg
long 60 TXT {" ".join(f'"{LONG[start : start + 200]}"' for start in range(0, len(LONG), 200))}
several 60 TXT "{KEY}"
several 60 TXT "hello"
chained 60 CNAME none
mail 60 A 192.0.2.1
"""


@pytest.fixture(scope="module")
def ours() -> Iterator[BindServer]:
    with BindServer({ZONE: OURS}) as running:
        yield running


@pytest.fixture(scope="module")
def vendor() -> Iterator[BindServer]:
    """Serves the vendor's zones; asked as a resolver, it answers what one would."""
    delegated = {"keys.vendor.example": VENDORS, f"delegated._domainkey.{ZONE}": f'@ 60 TXT "{KEY}"\n'}
    with BindServer(delegated, options="check-names primary ignore;") as running:
        yield running


def at(selector: str) -> DnsName:
    return DnsName(f"{selector}._domainkey.{ZONE}")


def vendors(name: str) -> DnsName:
    return DnsName(f"{name}.keys.vendor.example")


def endpoint_of(fake: FakeDns) -> str:
    return f"{fake.address}:{fake.port}"


def observer_of(*servers: str) -> AuthoritativeObserver:
    return AuthoritativeObserver(ZONE, GivenServers(servers), 0.5)


@pytest.mark.parametrize(
    ("selector", "texts", "targets"),
    [
        ("own", {KEY}, ()),
        ("vendor", {KEY}, (vendors("zorg"),)),
        ("chain", {KEY}, (vendors("first"), vendors("second"), vendors("zorg"))),
        ("long", {LONG}, (vendors("long"),)),
        ("several", {KEY, "hello"}, (vendors("several"),)),
        ("delegated", {KEY}, ()),
    ],
)
async def test_a_key_is_found_wherever_the_selector_leads(ours, vendor, selector, texts, targets) -> None:
    answer = await SelectorLookup([vendor.endpoint]).look_up(at(selector), observer_of(ours.endpoint))
    assert isinstance(answer, SelectorRecords)
    assert (set(answer.texts), answer.targets) == (texts, targets)


@pytest.mark.parametrize(
    ("selector", "targets"),
    [
        ("absent", ()),
        ("dangling", (vendors("none"),)),
        ("chain-to-nothing", (vendors("chained"), vendors("none"))),
        ("no-txt", (vendors("mail"),)),
    ],
)
async def test_absence_tells_how_far_the_selector_led(ours, vendor, selector, targets) -> None:
    answer = await SelectorLookup([vendor.endpoint]).look_up(at(selector), observer_of(ours.endpoint))
    assert answer == NoSelectorRecord(targets)


async def test_our_own_zone_is_asked_past_every_resolver(ours) -> None:
    """A resolver that answers nothing does not matter while no CNAME leads away."""
    async with fake_dns(lambda query: []) as silent:
        lookup = SelectorLookup([endpoint_of(silent)])
        assert await lookup.look_up(at("own"), observer_of(ours.endpoint)) == SelectorRecords((KEY,))
        assert await lookup.look_up(at("absent"), observer_of(ours.endpoint)) == NoSelectorRecord()


async def test_one_server_that_answers_is_enough(ours, vendor) -> None:
    async with fake_dns(lambda query: []) as silent:
        observer = observer_of(endpoint_of(silent), ours.endpoint)
        answer = await SelectorLookup([vendor.endpoint]).look_up(at("own"), observer)
    assert answer == SelectorRecords((KEY,))


async def test_servers_that_do_not_answer_prove_nothing(vendor) -> None:
    async with fake_dns(lambda query: []) as silent:
        answer = await SelectorLookup([vendor.endpoint]).look_up(at("own"), observer_of(endpoint_of(silent)))
    assert answer == SelectorUnanswered("none of the zone's authoritative servers answers")


async def test_a_resolver_that_refuses_proves_nothing(ours) -> None:
    """Our own server serves no zone of the vendor and refuses."""
    answer = await SelectorLookup([ours.endpoint]).look_up(at("vendor"), observer_of(ours.endpoint))
    assert isinstance(answer, SelectorUnanswered)
    assert answer.problem.startswith(f"a resolver gives no usable answer for {vendors('zorg')} (")


async def test_servers_that_cannot_be_found_out_prove_nothing(vendor) -> None:
    observer = AuthoritativeObserver(ZONE, DelegatedServers([vendor.endpoint]))
    answer = await SelectorLookup([vendor.endpoint]).look_up(at("own"), observer)
    assert isinstance(answer, SelectorUnanswered)
    assert f"the NS records of {ZONE} cannot be resolved" in answer.problem


async def test_a_look_up_is_bounded_in_time(ours, monkeypatch) -> None:
    monkeypatch.setattr(selectors, "LONGEST_SECONDS", 0.3)
    async with fake_dns(lambda query: []) as silent:
        started = time.monotonic()
        answer = await SelectorLookup([endpoint_of(silent)]).look_up(at("vendor"), observer_of(ours.endpoint))
    assert answer == SelectorUnanswered("no answer came within 0.3 s")
    assert time.monotonic() - started < 3


def test_a_resolver_is_an_address() -> None:
    with pytest.raises(ValueError, match=r"the resolver 'dns\.example' is not an IP address"):
        SelectorLookup(["dns.example"])
