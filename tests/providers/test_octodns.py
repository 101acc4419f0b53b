"""What is octoDNS's own: which classes are loaded, its texts, its log, its errors, and its plans."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
import requests
from octodns.provider import ProviderException, SupportsException
from octodns.provider.base import BaseProvider
from octodns.provider.plan import Plan
from octodns.record import Record
from octodns_powerdns import PowerDnsProvider

from mailseal.conformance.counting import CallCounter
from mailseal.providers.base import (
    Ability,
    AuthenticationFailed,
    InvalidConfiguration,
    NotServed,
    OutcomeUnknown,
    ProviderError,
    Raced,
    RateLimited,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.providers.octodns import OctoDnsProvider
from mailseal.providers.octodns import settings as octodns_settings
from mailseal.providers.surroundings import Surroundings
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends.octodns import OctoDnsHarness
from support.backends.running import RunningBackends

ZONE = DnsName("zorg.example")
APEX = RRsetKey(ZONE, RecordType.TXT)
OURS = TxtData.of("v=spf1 -all")
TOKEN = "a token / with+signs="
CLASS = "octodns_made_up.MadeUpProvider"
POWERDNS = "octodns_powerdns.PowerDnsProvider"


class MadeUpProvider(BaseProvider):
    """A provider of octoDNS over a dictionary, as those of vendors without quirks are."""

    SUPPORTS_GEO = False
    SUPPORTS_DYNAMIC = False
    SUPPORTS = frozenset({"A", "TXT", "CNAME", "NS"})
    zones: ClassVar[dict[str, dict[tuple[str, str], dict[str, Any]]]] = {}
    plans: ClassVar[list[Plan]] = []
    failing: ClassVar[dict[str, Exception]] = {}

    def __init__(self, id: str, token: str, region: str = "nl") -> None:  # noqa: A002 - as octoDNS has it
        self.log = logging.getLogger(f"MadeUpProvider[{id}]")
        self.log.debug("__init__: token=%s", token)
        self.log.warning("__init__: %s looks odd", token)
        self._fail("open")
        super().__init__(id)

    def populate(self, zone, target=False, lenient=False):
        self._fail("populate")
        for (name, kind), data in self.zones.get(zone.name, {}).items():
            body = {"type": kind, **data}
            zone.add_record(Record.new(zone, name, body, source=self, lenient=lenient), lenient=lenient)
        return zone.name in self.zones

    def _apply(self, plan: Plan) -> None:
        self.plans.append(plan)
        self._fail("before")
        held = self.zones[plan.desired.name]
        for change in plan.changes:
            held.pop((change.record.name, change.record._type), None)
            if change.new is not None:
                held[change.new.name, change.new._type] = change.new.data
        self._fail("apply")

    def _fail(self, step: str) -> None:
        if step in self.failing:
            raise self.failing[step]


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> type[MadeUpProvider]:
    """The made-up class as if a package octodns-made-up were installed, with one zone."""
    monkeypatch.setattr(octodns_settings, "provider_class", lambda name: MadeUpProvider)
    MadeUpProvider.zones = {"zorg.example.": {("", "TXT"): {"ttl": 300, "values": ["site=1\\; x", 'a "b"']}}}
    MadeUpProvider.plans = []
    MadeUpProvider.failing = {}
    return MadeUpProvider


def opened(**settings: Any) -> OctoDnsProvider:
    return OctoDnsProvider.from_settings(
        {"class": CLASS, "secretSettings": {"token": "api-token"}, "zones": [ZONE], **settings},
        {"api-token": TOKEN.encode()},
        Surroundings(),
    )


def creation(key: RRsetKey, *values: Any) -> RRsetChange:
    return RRsetChange(key, None, RRset(key, 3600, values or (OURS,)))


async def adding(provider: OctoDnsProvider, *values: TxtData) -> RRsetChange:
    before = (await provider.read(ZONE, [APEX]))[APEX]
    return RRsetChange(APEX, before, RRset(APEX, before.ttl_seconds, (*before.values, *values)))


async def test_a_plan_has_our_changes_only_and_texts_of_others_as_they_were(made_up) -> None:
    made_up.zones["zorg.example."]["www", "A"] = {"ttl": 60, "value": "192.0.2.1"}
    provider = opened()

    await provider.apply(ZONE, [await adding(provider, OURS, TxtData.of("v=DKIM1; p="))])

    (plan,) = made_up.plans
    assert len(plan.changes) == 1
    assert {record.name for record in plan.desired.records} == {"", "www"}
    assert set(made_up.zones["zorg.example."]["", "TXT"]["values"]) == {
        "site=1\\; x", 'a "b"', "v=spf1 -all", "v=DKIM1\\; p=",
    }  # fmt: skip


async def test_values_that_providers_treat_differently_are_refused_and_others_pass(made_up) -> None:
    provider = opened()

    for value in (b'"', b"\\", "\u00e9".encode(), b"\x7f", b""):
        with pytest.raises(Refused, match="TXT"):
            await provider.apply(ZONE, [await adding(provider, TxtData((value,)))])

    assert made_up.plans == []
    assert not provider.capabilities.can(Ability.ANY_BYTES)


async def test_a_type_that_the_class_does_not_support_is_refused(made_up) -> None:
    key = RRsetKey(ZONE, RecordType.MX)

    with pytest.raises(Refused, match="MX"):
        await opened().apply(ZONE, [creation(key, MxData(0, DnsName("")))])


async def test_a_record_that_answers_by_place_is_left_alone(made_up) -> None:
    key = RRsetKey(ZONE.child("www"), RecordType.CNAME)
    made_up.zones["zorg.example."]["www", "CNAME"] = {
        "ttl": 60, "value": "a.example.",
        "dynamic": {"pools": {"one": {"values": [{"value": "b.example."}]}}, "rules": [{"pool": "one"}]},
    }  # fmt: skip
    provider = opened()
    before = (await provider.read(ZONE, [key]))[key]

    with pytest.raises(Refused, match="by place"):
        await provider.apply(
            ZONE, [RRsetChange(key, before, RRset(key, 60, (CnameData(DnsName("c.example")),)))]
        )


async def test_names_below_a_delegation_are_not_served(made_up) -> None:
    made_up.zones["zorg.example."]["sub", "NS"] = {"ttl": 60, "values": ["ns.elsewhere.example."]}

    with pytest.raises(NotServed, match="delegated away"):
        await opened().read(ZONE, [RRsetKey(ZONE.child("_dmarc.sub"), RecordType.TXT)])


async def test_a_zone_is_never_made_by_writing_to_it(made_up) -> None:
    other = DnsName("other.example")

    with pytest.raises(ZoneNotFound):
        await opened(zones=[other]).apply(other, [creation(RRsetKey(other, RecordType.TXT))])
    assert made_up.plans == []


async def test_a_class_that_lists_no_zones_needs_them_listed(made_up) -> None:
    provider = opened(zones=[])

    assert not provider.capabilities.can(Ability.ZONE_DISCOVERY)
    assert await provider.zones() == ()
    with pytest.raises(InvalidConfiguration, match="list them in zones"):
        await provider.zone_of(ZONE)


async def test_zones_are_surveyed_by_reading_where_there_is_no_list(made_up) -> None:
    missing = DnsName("missing.example")

    survey = await opened(zones=[ZONE, missing]).survey()

    assert survey.served == (ZONE,)
    assert isinstance(survey.faults[missing], ZoneNotFound)


async def test_a_class_that_hangs_is_left_at_the_time_out_and_its_write_ends_before_the_next_read(
    made_up, monkeypatch
) -> None:
    provider, going = opened(timeoutSeconds=1), threading.Event()
    change = await adding(provider, OURS)
    original = MadeUpProvider._apply
    monkeypatch.setattr(MadeUpProvider, "_apply", lambda self, plan: going.wait(10) and original(self, plan))

    with pytest.raises(OutcomeUnknown):
        await provider.apply(ZONE, [change])
    with pytest.raises(Unavailable):
        await provider.read(ZONE, [APEX])
    going.set()

    assert (await provider.read(ZONE, [APEX]))[APEX].holds(OURS)


async def test_writes_of_one_provider_do_not_race_each_other(made_up) -> None:
    keys = [RRsetKey(ZONE.child(f"n{number}"), RecordType.TXT) for number in range(10)]
    provider = opened()

    await asyncio.gather(*(provider.apply(ZONE, [creation(key)]) for key in keys))

    assert set(await provider.read(ZONE, keys)) == set(keys)


async def test_a_write_that_the_second_look_does_not_find_is_raced(made_up, monkeypatch) -> None:
    monkeypatch.setattr(MadeUpProvider, "_apply", lambda self, plan: None)
    provider = opened()

    with pytest.raises(Raced):
        await provider.apply(ZONE, [await adding(provider, OURS)])


def http_error(status: int, text: str = "", **headers: str) -> requests.HTTPError:
    response = requests.Response()
    response.status_code, response._content = status, text.encode()
    response.headers.update(headers)
    return requests.HTTPError(f"{status} for url: https://dns.example/?token={TOKEN}", response=response)


def raised_while(status: int) -> Exception:
    """As octodns-powerdns raises: an error without a status of its own, while handling another."""
    try:
        try:
            raise http_error(status)
        except requests.HTTPError:
            raise Exception("unauthorized")  # noqa: B904, TRY002
    except Exception as error:
        return error


class VendorRateLimitError(ProviderException): ...


class VendorUnauthorized(ProviderException): ...


class VendorZoneNotFound(ProviderException): ...


class FromAmazon(Exception):
    response: ClassVar[dict[str, Any]] = {"ResponseMetadata": {"HTTPStatusCode": 403}}


READ_ERRORS = [
    (http_error(401), AuthenticationFailed),
    (http_error(403), AuthenticationFailed),
    (http_error(404), ZoneNotFound),
    (http_error(429), RateLimited),
    (http_error(500), Unavailable),
    (http_error(400), Unavailable),
    (raised_while(401), AuthenticationFailed),
    (FromAmazon(), AuthenticationFailed),
    (VendorRateLimitError(), RateLimited),
    (VendorUnauthorized(), AuthenticationFailed),
    (VendorZoneNotFound(), ZoneNotFound),
    (requests.ConnectionError(), Unavailable),
    (requests.Timeout(), Unavailable),
    (OSError(), Unavailable),
    (KeyError("rrsets"), Unavailable),
    (requests.exceptions.JSONDecodeError("x", "<html>", 0), Unavailable),
]


@pytest.mark.parametrize(("error", "kind"), READ_ERRORS, ids=lambda value: repr(value)[:40])
async def test_errors_of_reading_have_their_kind_and_show_no_secret(
    made_up, monkeypatch, error, kind
) -> None:
    monkeypatch.setattr("mailseal.providers.calls.LONGEST_PAUSE", timedelta(0))
    made_up.failing = {"populate": error}

    with pytest.raises(ProviderError) as caught:
        await opened().read(ZONE, [APEX])

    assert type(caught.value) is kind
    assert TOKEN not in str(caught.value)


WRITE_ERRORS = [
    (http_error(401), AuthenticationFailed),
    (http_error(422, '{"error": "TTL is too low"}'), Refused),
    (http_error(404), Refused),
    (http_error(429), OutcomeUnknown),
    (http_error(503), OutcomeUnknown),
    (VendorUnauthorized(), AuthenticationFailed),
    (VendorRateLimitError(), OutcomeUnknown),
    (SupportsException("no such thing"), Refused),
    (requests.ConnectionError(), OutcomeUnknown),
    (requests.Timeout(), OutcomeUnknown),
    (ProviderException("something"), OutcomeUnknown),
    (KeyError("id"), OutcomeUnknown),
]


@pytest.mark.parametrize(("error", "kind"), WRITE_ERRORS, ids=lambda value: repr(value)[:40])
@pytest.mark.parametrize("step", ["before", "apply"])
async def test_errors_of_writing_have_their_kind_and_are_tried_once(made_up, error, kind, step) -> None:
    provider = opened()
    change = await adding(provider, OURS)
    made_up.failing = {step: error}

    with pytest.raises(ProviderError) as caught:
        await provider.apply(ZONE, [change])

    assert type(caught.value) is kind
    assert TOKEN not in str(caught.value)
    assert len(made_up.plans) == 1


async def test_the_words_of_a_service_are_passed_on_without_secrets(made_up) -> None:
    provider = opened()
    change = await adding(provider, OURS)
    made_up.failing = {"apply": http_error(422, f'{{"error": "TTL is too low", "with": "{TOKEN}"}}')}

    with pytest.raises(Refused, match="TTL is too low") as caught:
        await provider.apply(ZONE, [change])

    assert TOKEN not in str(caught.value)


async def test_a_throttled_read_waits_as_asked(made_up) -> None:
    made_up.failing = {"populate": http_error(429, **{"Retry-After": "240"})}

    with pytest.raises(RateLimited) as caught:
        await opened().read(ZONE, [APEX])

    assert caught.value.retry_after == timedelta(seconds=240)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("region"), InvalidConfiguration),
        (ProviderException("give a region"), InvalidConfiguration),
        (TypeError("unexpected keyword argument 'what'"), InvalidConfiguration),
        (OSError("no such file"), InvalidConfiguration),
        (http_error(401), AuthenticationFailed),
        (requests.ConnectionError(), Unavailable),
    ],
    ids=repr,
)
async def test_a_class_that_cannot_be_opened_says_so_at_its_first_use(made_up, error, kind) -> None:
    made_up.failing = {"open": error}
    provider = opened()

    with pytest.raises(ProviderError) as caught:
        await provider.read(ZONE, [APEX])

    assert type(caught.value) is kind


async def test_a_write_that_cannot_be_looked_at_is_unknown(made_up, monkeypatch) -> None:
    provider = opened()
    change = await adding(provider, OURS)

    def applied(self, plan):
        made_up.failing = {"populate": requests.ConnectionError()}

    monkeypatch.setattr(MadeUpProvider, "_apply", applied)
    with pytest.raises(OutcomeUnknown):
        await provider.apply(ZONE, [change])


async def test_the_log_shows_no_secret_and_only_what_matters(made_up, caplog) -> None:
    caplog.set_level(logging.DEBUG)

    await opened().read(ZONE, [APEX])

    logging.getLogger("urllib3.connectionpool").warning("Retrying: /?token=%s", TOKEN)
    lines = [record for record in caplog.records if record.name.startswith("MadeUpProvider")]
    assert [record.getMessage() for record in lines] == ["__init__: *** looks odd"]
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"class": "os.system"}, "no package of octoDNS"),
        ({"class": "subprocess.Popen"}, "no package of octoDNS"),
        ({"class": "octodns.provider.yaml.YamlProvider"}, "no package of octoDNS"),
        ({"class": "mailseal.providers.octodns.OctoDnsProvider"}, "no package of octoDNS"),
        ({"class": "octodns_bind.AxfrSource"}, "is no provider"),
        ({"class": "octodns_powerdns.Session"}, "is no provider"),
        ({"class": "octodns_powerdns.logging"}, "is no provider"),
        ({"class": "octodns_powerdns.Missing"}, "cannot be loaded"),
        ({"class": "octodns_powerdns.missing.Class"}, "cannot be loaded"),
        ({"class": "octodns_powerdns"}, "a module and a class"),
        ({"class": "octodns_powerdns.__import__('os').system"}, "a module and a class"),
        ({}, "class is missing"),
        ({"class": POWERDNS, "settings": {}}, "do not fit"),
        ({"class": POWERDNS, "settings": ["host"]}, "settings must be"),
        ({"class": POWERDNS, "settings": {"host": "env/HOME"}}, "secretSettings"),
        ({"class": POWERDNS, "settings": {"host": "a", "api_key": "b"}}, "both"),
        ({"class": POWERDNS, "settings": {"host": "a"}, "secretSettings": {"api_key": "x"}}, "no key 'x'"),
        ({"class": POWERDNS, "settings": {"host": "a"}, "secretSettings": {}}, "secretSettings is missing"),
        ({"class": POWERDNS, "settings": {"host": "a"}, "secretSettings": ["x"]}, "secretSettings must"),
        ({"class": POWERDNS, "settings": {"host": "a"}, "textFormat": "yaml"}, "textFormat"),
        ({"class": POWERDNS, "settings": {"host": "a"}, "timeoutSeconds": 301}, "timeoutSeconds"),
    ],
)
def test_settings_that_cannot_be_used_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidConfiguration, match=message):
        OctoDnsProvider.from_settings(
            {"secretSettings": {"api_key": "api-key"}, **settings}, {"api-key": b"k"}, Surroundings()
        )


def test_an_untrusted_provider_loads_no_class() -> None:
    with pytest.raises(InvalidConfiguration, match="ClusterDnsProvider"):
        OctoDnsProvider.from_settings({"class": POWERDNS}, {}, Surroundings(trusted=False))


@pytest.fixture(scope="module")
def powerdns() -> Iterator[OctoDnsHarness]:
    running = RunningBackends()
    harness = running.get(OctoDnsHarness)
    assert isinstance(harness, OctoDnsHarness)
    yield harness
    running.close()


async def test_a_wrong_key_of_a_real_service_fails_and_is_never_shown(powerdns, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    zone, wrong = powerdns.new_zone(), "the-wrong-key-of-powerdns"

    with pytest.raises(AuthenticationFailed) as caught:
        await powerdns.open_class(wrong, zones=[zone]).read(zone, [RRsetKey(zone, RecordType.TXT)])

    assert wrong not in str(caught.value) + caplog.text


async def test_a_service_that_is_not_there_is_unavailable(powerdns) -> None:
    zone = powerdns.new_zone()
    settings = {"host": "127.0.0.1", "port": 9}

    with pytest.raises(Unavailable):
        await powerdns.open_class(zones=[zone], settings=settings).survey()


async def test_what_a_real_service_refuses_is_refused_with_its_words(powerdns) -> None:
    zone = powerdns.new_zone()

    with pytest.raises(Refused, match=r"status 422 .*unsupported characters"):
        await powerdns.open(zone).apply(zone, [creation(RRsetKey(zone.child("odd!"), RecordType.TXT))])


async def test_requests_are_counted_as_calls_of_the_class(powerdns) -> None:
    zone, log = powerdns.new_zone(), CallCounter()
    provider = powerdns.opened(log, (zone,))

    await provider.apply(zone, [creation(RRsetKey(zone, RecordType.TXT))])

    assert log.since(0) == {"apply": 1, "populate": 1}


def test_the_text_format_of_powerdns_is_known_and_can_be_set() -> None:
    settings = {"class": POWERDNS, "settings": {"host": "a", "api_key": "b"}}

    known = OctoDnsProvider.from_settings(settings, {})
    raw = OctoDnsProvider.from_settings({**settings, "textFormat": "raw"}, {})

    assert issubclass(known._settings.kind, PowerDnsProvider)
    assert known.capabilities.can(Ability.ANY_BYTES)
    assert not raw.capabilities.can(Ability.ANY_BYTES)
