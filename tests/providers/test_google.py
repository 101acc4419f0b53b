"""What is Cloud DNS's own: exact deletions, twins, routing policies, paging, quotas, and what goes wrong."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from mailseal.conformance.counting import CallCounter
from mailseal.providers.base import (
    AuthenticationFailed,
    BatchTooLarge,
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
from mailseal.providers.google.provider import GoogleProvider
from mailseal.providers.surroundings import Surroundings
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends.base import Unhurried
from support.backends.google import GoogleHarness
from support.servers.clouddns import Problem, Zone
from support.servers.vendorapi import Fault, Request, cut, hold, instead, lose_the_reply

OURS = TxtData.of("v=spf1 -all")


class Google(GoogleHarness):
    """Remembers the providers that it has opened."""

    def __init__(self) -> None:
        super().__init__()
        self.providers: list[GoogleProvider] = []

    def open_with(
        self, key: dict[str, Any] | None = None, surroundings: Surroundings | None = None, **settings: Any
    ) -> GoogleProvider:
        self.providers.append(super().open_with(key, surroundings, **settings))
        return self.providers[-1]

    def zone(self, zone: DnsName) -> Zone:
        """The managed zone behind a zone."""
        return self._managed[zone]

    def sent(self) -> list[Request]:
        """The changes that were sent."""
        return [request for request in self.server.api.requests if request.path.endswith("/changes")]


@pytest.fixture
async def google() -> AsyncIterator[Google]:
    harness = Google()
    yield harness
    for provider in harness.providers:
        await provider.close()
    harness.close()


@pytest.fixture
def zone(google: Google) -> DnsName:
    return google.new_zone()


def apex(zone: DnsName) -> RRsetKey:
    return RRsetKey(zone, RecordType.TXT)


def creation(key: RRsetKey, *values: TxtData, ttl: int = 3600) -> RRsetChange:
    return RRsetChange(key, None, RRset(key, ttl, values or (OURS,)))


def problem(status: int, reason: str, message: str = "x") -> Fault:
    return instead(status, Problem(status, reason, message).body)


async def ready(provider: GoogleProvider, zone: DnsName) -> GoogleProvider:
    """The provider with its token and the names of the zones: what comes now is one request for each call."""
    await provider.read(zone, [apex(zone)])
    return provider


async def test_values_that_stay_are_sent_back_in_the_text_that_is_stored(
    google: Google, zone: DnsName
) -> None:
    """Whatever form somebody has stored: a deletion has to repeat it, and nothing is re-quoted."""
    texts = ["site-verification=1", '"a\\059b" "\\"c"', "two words"]
    google.server.store(google.zone(zone), f"{zone.upper()}.", "TXT", 777, texts)
    provider, key = google.open_with(zones=[zone]), apex(zone)
    before = (await provider.read(zone, [key]))[key]
    assert set(before.values) == {
        TxtData((b"site-verification=1",)),
        TxtData((b"a;b", b'"c')),
        TxtData((b"two", b"words")),
    }

    await provider.apply(zone, [RRsetChange(key, before, RRset(key, 777, (*before.values, OURS)))])

    [request] = google.sent()
    [deletion], [addition] = request.json()["deletions"], request.json()["additions"]
    assert (deletion["name"], deletion["ttl"], deletion["rrdatas"]) == (f"{zone.upper()}.", 777, texts)
    assert addition["rrdatas"] == [*texts, '"v=spf1 -all"']


async def test_a_belief_from_elsewhere_is_compared_with_what_is_there(google: Google, zone: DnsName) -> None:
    key, held = apex(zone), TxtData.of("site=1")
    google.put(zone, RRset(key, 300, (held,)))
    provider = google.open_with(zones=[zone])
    after = RRset(key, 300, (held, OURS))

    with pytest.raises(Raced):
        await provider.apply(zone, [RRsetChange(key, RRset(key, 301, (held,)), after)])
    assert google.sent() == []
    await provider.apply(zone, [RRsetChange(key, RRset(key, 300, (held,)), after)])

    assert google.peek(zone, key) == after


async def test_somebody_who_is_faster_between_read_and_write_wins(google: Google, zone: DnsName) -> None:
    key, theirs = apex(zone), RRset(apex(zone), 300, (TxtData.of("site=2"),))
    google.put(zone, RRset(key, 300, (TxtData.of("site=1"),)))
    provider = google.open_with(zones=[zone])
    before = (await provider.read(zone, [key]))[key]
    google.put(zone, theirs)

    with pytest.raises(Raced, match="conditionNotMet"):
        await provider.apply(zone, [RRsetChange(key, before, RRset(key, 300, (OURS,)))])
    google.zone(zone).sets.pop((f"{zone}.", "TXT"))
    with pytest.raises(Raced):
        await provider.apply(zone, [RRsetChange(key, before, None)])


async def test_a_set_that_vanished_under_a_known_text_is_raced(google: Google, zone: DnsName) -> None:
    """Google answers 404, as it does for a zone that is gone: the text tells them apart."""
    key = apex(zone)
    google.put(zone, RRset(key, 300, (OURS,)))
    provider = google.open_with(zones=[zone])
    before = (await provider.read(zone, [key]))[key]
    google.zone(zone).sets.pop((f"{zone}.", "TXT"))

    with pytest.raises(Raced, match=r"entity\.change\.deletions"):
        await provider.apply(zone, [RRsetChange(key, before, None)])


async def test_a_routing_policy_is_told_and_does_not_hide_other_names(google: Google, zone: DnsName) -> None:
    name = f"geo.{zone}."
    google.zone(zone).sets[name, "MX"] = {"name": name, "type": "MX", "ttl": 5, "routingPolicy": {"geo": {}}}
    key = RRsetKey(DnsName.parse(name), RecordType.MX)
    provider = google.open_with(zones=[zone])

    with pytest.raises(NotServed, match="routing policy") as caught:
        await provider.read(zone, [key, apex(zone)])

    assert set(caught.value.faults) == {key}
    assert await provider.read(zone, [apex(zone)]) == {}


@pytest.mark.parametrize(
    "broken",
    [
        {"ttl": "soon"},
        {"rrdatas": "text"},
        {"rrdatas": []},
        {"rrdatas": ['"open']},
        {"rrdatas": [None, 7, {}]},
        {"ttl": -1},
        {"rrdatas": ['"' + "x" * 256 + '"']},
    ],
    ids=lambda value: str(value)[:30],
)
async def test_a_set_that_makes_no_sense_is_told(
    google: Google, zone: DnsName, broken: dict[str, Any]
) -> None:
    held = {"name": f"{zone}.", "type": "TXT", "ttl": 5, "rrdatas": ['"a"']}
    google.zone(zone).sets[f"{zone}.", "TXT"] = {**held, **broken}

    with pytest.raises(NotServed, match="cannot be read"):
        await google.open_with(zones=[zone]).read(zone, [apex(zone)])


async def test_of_twins_the_chosen_one_is_used_and_without_a_choice_none(google: Google) -> None:
    """Cloud DNS admits several public managed zones of one name in a project."""
    zone, other = DnsName("twins.example"), DnsName("other.example")
    for name in ("old", "new"):
        google.server.add_zone(name, "twins.example.")
    google.server.add_zone("inside", "twins.example.", "private")
    google.server.add_zone("other", "other.example.")
    undecided, decided = google.open_with(), google.open_with(managedZones=["new", "other"])

    with pytest.raises(InvalidConfiguration, match=r"new, old.*managedZones"):
        await undecided.zone_of(zone)
    assert await undecided.zone_of(other) == other
    survey = await google.open_with(zones=[zone, other]).survey()
    assert survey.served == (other,)
    assert isinstance(survey.faults[zone], InvalidConfiguration)

    assert await decided.zone_of(zone) == zone
    await decided.apply(zone, [creation(apex(zone))])
    assert ("twins.example.", "TXT") in google.server.zones["new"].sets
    with pytest.raises(ZoneNotFound):
        await google.open_with(managedZones=["inside"]).zone_of(zone)


async def test_a_large_zone_is_read_page_by_page_once_and_then_name_by_name(
    google: Google, zone: DnsName
) -> None:
    keys = [RRsetKey(DnsName.parse(f"n{number}._domainkey.{zone}"), RecordType.TXT) for number in range(350)]
    for key in keys:
        google.put(zone, RRset(key, 300, (OURS,)))
    google.server.store(google.zone(zone), f"away.{zone}.", "NS", 60, ["ns.elsewhere.example."])
    counter = CallCounter()
    provider = google.open_with(zones=[zone], surroundings=Surroundings(log=counter, budgets=Unhurried()))
    expected = {key: RRset(key, 300, (OURS,)) for key in keys}

    assert await provider.read(zone, keys) == expected
    assert counter.since(0) == {"ListManagedZones": 1, "ListResourceRecordSets": 4}
    mark = counter.mark()
    assert await provider.read(zone, [keys[349]]) == {keys[349]: expected[keys[349]]}
    assert counter.since(mark) == {"ListResourceRecordSets": 2}
    with pytest.raises(NotServed, match="delegated away"):
        await provider.read(zone, [RRsetKey(DnsName.parse(f"_dmarc.away.{zone}"), RecordType.TXT)])


async def test_zones_on_later_pages_are_found_and_private_ones_are_not(google: Google) -> None:
    google.server.page = 2
    for number, name in enumerate(("a.example.", "b.example.", "c.example.", "Sub.C.example.")):
        google.server.add_zone(f"zone-{number}", name)
    google.server.add_zone("hidden", "deep.sub.c.example.", "private")
    provider = google.open_with()

    assert await provider.zone_of(DnsName("deep.sub.c.example")) == "sub.c.example"
    assert await provider.zones() == ("sub.c.example",)


async def test_pages_without_end_end(google: Google, zone: DnsName) -> None:
    google.server.page = 0

    with pytest.raises(Unavailable, match="without end"):
        await google.open_with().zone_of(zone)


async def test_a_zone_that_is_gone_is_not_found_and_found_again_when_it_is_back(
    google: Google, zone: DnsName
) -> None:
    provider = google.open_with()
    assert await provider.zone_of(zone) == zone
    del google.server.zones[google.zone(zone).name]

    with pytest.raises(ZoneNotFound):
        await provider.read(zone, [apex(zone)])
    with pytest.raises(ZoneNotFound):
        await provider.apply(zone, [creation(apex(zone))])
    google.server.add_zone("made-again", f"{zone}.")

    await provider.apply(zone, [creation(apex(zone))])
    assert (f"{zone}.", "TXT") in google.server.zones["made-again"].sets


async def test_more_record_data_than_one_change_may_have_asks_for_smaller_batches(
    google: Google, zone: DnsName
) -> None:
    provider = google.open_with(zones=[zone])
    keys = [RRsetKey(DnsName.parse(f"n{number}.{zone}"), RecordType.TXT) for number in range(30)]

    with pytest.raises(BatchTooLarge):
        await provider.apply(zone, [creation(key, TxtData.of("x" * 4000)) for key in keys])
    assert google.sent() == []


async def test_one_change_over_a_quota_is_refused_in_googles_words(google: Google, zone: DnsName) -> None:
    provider = await ready(google.open_with(zones=[zone]), zone)
    google.server.api.faults.append(problem(403, "quotaExceeded", "the limit resourceRecordsPerRrset"))

    with pytest.raises(Refused, match="resourceRecordsPerRrset") as caught:
        await provider.apply(zone, [creation(apex(zone))])
    assert type(caught.value) is Refused


async def test_in_a_mixed_batch_the_cname_that_is_in_the_wrong_is_refused(
    google: Google, zone: DnsName
) -> None:
    taken = DnsName.parse(f"taken.{zone}")
    google.put(zone, RRset(RRsetKey(taken, RecordType.TXT), 300, (OURS,)))
    alias = RRset(RRsetKey(taken, RecordType.CNAME), 300, (CnameData(DnsName("t.example")),))
    provider = google.open_with(zones=[zone])

    with pytest.raises(Refused, match="CNAME"):
        await provider.apply(zone, [creation(apex(zone)), RRsetChange(alias.key, None, alias)])
    assert google.peek(zone, apex(zone)) is None


class TestFaults:
    @pytest.mark.parametrize(
        "throttle", [problem(403, "rateLimitExceeded"), problem(429, "rateLimitExceeded")], ids=["403", "429"]
    )
    async def test_a_throttled_request_is_sent_again(
        self, google: Google, zone: DnsName, throttle: Fault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("mailseal.providers.calls.FIRST_PAUSE", timedelta(milliseconds=1))
        provider = await ready(google.open_with(zones=[zone]), zone)
        google.server.api.faults.extend([throttle, throttle])

        await provider.apply(zone, [creation(apex(zone))])

        assert len(google.sent()) == 3

    async def test_a_long_wait_is_left_to_the_caller(self, google: Google, zone: DnsName) -> None:
        provider = await ready(google.open_with(zones=[zone]), zone)
        google.server.api.faults.append(instead(429, None, Retry_After="90"))

        with pytest.raises(RateLimited) as caught:
            await provider.read(zone, [apex(zone)])

        assert caught.value.retry_after == timedelta(seconds=90)

    @pytest.mark.parametrize(
        ("fault", "reading", "writing"),
        [
            (problem(500, "backendError"), Unavailable, OutcomeUnknown),
            (problem(503, "backendError"), Unavailable, Unavailable),
            (instead(502, b"<html>"), Unavailable, OutcomeUnknown),
            (instead(200, b"<html>nonsense"), Unavailable, OutcomeUnknown),
            (instead(200, [1, 2]), Unavailable, OutcomeUnknown),
            (instead(200, b"[" * 100_000), Unavailable, OutcomeUnknown),
            (instead(302, None, Location="http://127.0.0.1:1/"), Unavailable, OutcomeUnknown),
            (problem(401, "authError"), AuthenticationFailed, AuthenticationFailed),
            (problem(403, "forbidden"), AuthenticationFailed, AuthenticationFailed),
            (problem(400, "invalid"), Refused, Refused),
            (instead(400, {"error": "text"}), Refused, Refused),
            (instead(400, {"error": {"errors": [7], "message": None}}), Refused, Refused),
            (problem(409, "alreadyExists"), Refused, Raced),
            (problem(412, "conditionNotMet"), Refused, Raced),
        ],
        ids=[
            *("500", "503", "502", "html", "list", "nested", "redirect", "401", "403", "400"),
            *("text", "odd", "409", "412"),
        ],
    )
    async def test_errors_have_their_kinds(
        self, google: Google, zone: DnsName, fault: Fault, reading: type, writing: type
    ) -> None:
        provider = await ready(google.open_with(zones=[zone]), zone)
        google.server.api.faults.append(fault)
        with pytest.raises(ProviderError) as caught:
            await provider.read(zone, [apex(zone)])
        assert type(caught.value) is reading

        await ready(provider, zone)
        google.server.api.faults.append(fault)
        with pytest.raises(ProviderError) as caught:
            await provider.apply(zone, [creation(apex(zone))])
        assert type(caught.value) is writing

    @pytest.mark.parametrize(
        "member", [{"rrsets": 7}, {"rrsets": [], "nextPageToken": 7}, {"rrsets": {"a": 1}}]
    )
    async def test_an_answer_of_the_wrong_shape_is_unavailable(
        self, google: Google, zone: DnsName, member: dict[str, Any]
    ) -> None:
        provider = await ready(google.open_with(zones=[zone]), zone)
        google.server.api.faults.append(instead(200, member))

        with pytest.raises(Unavailable, match="makes no sense"):
            await provider.read(zone, [apex(zone)])

    @pytest.mark.parametrize(
        "made", [{}, {"additions": 7}, {"additions": [7, {"name": "a..b"}, {"type": "X"}]}]
    )
    async def test_an_odd_answer_to_a_change_that_was_made_does_no_harm(
        self, google: Google, zone: DnsName, made: dict[str, Any]
    ) -> None:
        provider = await ready(google.open_with(zones=[zone]), zone)
        google.server.api.faults.append(instead(200, made))

        await provider.apply(zone, [creation(apex(zone))])

    async def test_a_cut_connection_is_unavailable_and_for_a_write_unknown(
        self, google: Google, zone: DnsName
    ) -> None:
        provider = await ready(google.open_with(zones=[zone]), zone)
        google.server.api.faults.extend([cut, cut])
        with pytest.raises(Unavailable):
            await provider.read(zone, [apex(zone)])

        google.server.api.faults.append(cut)
        with pytest.raises(OutcomeUnknown):
            await provider.apply(zone, [creation(apex(zone))])

    async def test_a_lost_reply_leaves_the_outcome_unknown_and_the_write_made(
        self, google: Google, zone: DnsName
    ) -> None:
        provider = await ready(google.open_with(zones=[zone]), zone)
        google.server.api.faults.append(lose_the_reply)

        with pytest.raises(OutcomeUnknown):
            await provider.apply(zone, [creation(apex(zone))])

        assert len(google.sent()) == 1
        assert await provider.read(zone, [apex(zone)]) == {apex(zone): RRset(apex(zone), 3600, (OURS,))}

    async def test_a_slow_answer_ends_with_the_time_out(self, google: Google, zone: DnsName) -> None:
        release = threading.Event()
        provider = await ready(google.open_with(zones=[zone], timeoutSeconds=1), zone)
        google.server.api.faults.extend([hold(release), hold(release)])
        try:
            with pytest.raises(Unavailable):
                await provider.read(zone, [apex(zone)])
            with pytest.raises(OutcomeUnknown):
                await provider.apply(zone, [creation(apex(zone))])
        finally:
            release.set()

    async def test_nobody_listening_is_unavailable_for_a_write_too(
        self, google: Google, zone: DnsName
    ) -> None:
        provider = google.open_with(zones=[zone], endpoint="http://127.0.0.1:1")

        with pytest.raises(Unavailable) as caught:
            await provider.apply(zone, [creation(apex(zone))])

        assert type(caught.value) is Unavailable

    async def test_a_token_that_was_revoked_is_replaced_at_the_next_call(
        self, google: Google, zone: DnsName
    ) -> None:
        provider = await ready(google.open_with(zones=[zone]), zone)
        google.server.tokens.clear()

        with pytest.raises(AuthenticationFailed, match="DNS Administrator"):
            await provider.read(zone, [apex(zone)])
        assert await provider.read(zone, [apex(zone)]) == {}
