"""What the route53 provider makes of every fault between it and AWS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from mailseal.conformance import CallCounter
from mailseal.providers import calls
from mailseal.providers.base import (
    AuthenticationFailed,
    OutcomeUnknown,
    ProviderError,
    Raced,
    RateLimited,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.providers.budget import Budgets, Rate
from mailseal.providers.route53.provider import RATE
from mailseal.providers.surroundings import Surroundings
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends.base import Unhurried
from support.backends.route53 import Route53Harness
from support.servers.faultproxy import Fault, Kind, Request

ZONE = DnsName("zorg.example")
KEY = RRsetKey(DnsName("_dmarc.zorg.example"), RecordType.TXT)
OURS = RRset(KEY, 300, (TxtData.of(b"ours"),))
CREATE = [RRsetChange(KEY, None, OURS)]
ERROR = (
    '<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error>'
    "<Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
)


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Iterator[Route53Harness]:
    monkeypatch.setattr(calls, "FIRST_PAUSE", timedelta(milliseconds=1))
    running = Route53Harness()
    running.aws.add_zone(ZONE)
    yield running
    running.close()


def is_write(request: Request) -> bool:
    return request.method == "POST"


def is_read(request: Request) -> bool:
    return "/rrset" in request.path and request.method == "GET"


def answer(status: int, code: str, message: str = "words of AWS", times: int = 1) -> Fault:
    return Fault(
        Kind.ANSWER, status, ERROR.format(code, message).encode(), {"Content-Type": "text/xml"}, times=times
    )


async def read_error(harness: Route53Harness, fault: Fault, **settings: object) -> ProviderError:
    fault.concerns = is_read
    harness.aws.proxy.add(fault)
    with pytest.raises(ProviderError) as caught:
        await harness.open_with(zones=[ZONE], **settings).read(ZONE, [KEY])
    return caught.value


async def write_error(harness: Route53Harness, fault: Fault, **settings: object) -> ProviderError:
    fault.concerns = is_write
    harness.aws.proxy.add(fault)
    with pytest.raises(ProviderError) as caught:
        await harness.open_with(zones=[ZONE], **settings).apply(ZONE, CREATE)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "Throttling"), (400, "PriorRequestNotComplete"), (503, "SlowDown"), (429, "Whatever")],
)
async def test_throttled_requests_are_sent_again(harness: Route53Harness, status: int, code: str) -> None:
    harness.aws.proxy.add(answer(status, code, times=3))
    counter = CallCounter()
    surroundings = Surroundings(log=counter, budgets=Unhurried())
    provider = harness.open_with(zones=[ZONE], surroundings=surroundings)

    await provider.apply(ZONE, CREATE)

    assert harness.peek(ZONE, KEY) == OURS
    assert [call.failure for call in counter.calls] == ["RateLimited"] * 3 + ["", ""]


async def test_a_write_that_is_throttled_is_made_once(harness: Route53Harness) -> None:
    fault = answer(400, "PriorRequestNotComplete", times=2)
    fault.concerns = is_write
    harness.aws.proxy.add(fault)

    await harness.open_with(zones=[ZONE]).apply(ZONE, CREATE)

    assert len([request for request in harness.aws.proxy.requests if is_write(request)]) == 3
    assert harness.version(ZONE) == 1


async def test_throttling_without_end_is_reported_after_four_requests(harness: Route53Harness) -> None:
    error = await read_error(harness, answer(400, "Throttling", "Rate exceeded", times=100))

    assert isinstance(error, RateLimited)
    assert len([request for request in harness.aws.proxy.requests if is_read(request)]) == 4


async def test_what_aws_asks_for_is_waited_for_or_reported(harness: Route53Harness) -> None:
    fault = answer(400, "Throttling")
    fault.headers = {"Content-Type": "text/xml", "Retry-After": "3600"}

    error = await read_error(harness, fault)

    assert isinstance(error, RateLimited)
    assert error.retry_after == timedelta(hours=1)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_server_errors_leave_a_read_to_be_repeated_and_a_write_unknown(
    harness: Route53Harness, status: int
) -> None:
    assert type(await read_error(harness, answer(status, "InternalFailure"))) is Unavailable
    assert type(await write_error(harness, answer(status, "ServiceUnavailable"))) is OutcomeUnknown
    assert len([request for request in harness.aws.proxy.requests if is_write(request)]) == 1


async def test_a_slow_answer_ends_at_the_time_out(harness: Route53Harness) -> None:
    assert type(await read_error(harness, Fault(Kind.SLOW, seconds=30), timeoutSeconds=1)) is Unavailable
    assert type(await write_error(harness, Fault(Kind.SLOW, seconds=30), timeoutSeconds=1)) is OutcomeUnknown


async def test_a_cut_connection_is_told_apart_by_what_it_was_for(harness: Route53Harness) -> None:
    assert type(await read_error(harness, Fault(Kind.CUT))) is Unavailable
    assert type(await write_error(harness, Fault(Kind.CUT))) is OutcomeUnknown
    assert harness.peek(ZONE, KEY) is None


async def test_a_reply_that_is_lost_after_the_change_was_made_is_found_by_reading(
    harness: Route53Harness,
) -> None:
    error = await write_error(harness, Fault(Kind.LOSE_REPLY))

    assert type(error) is OutcomeUnknown
    provider = harness.open_with(zones=[ZONE])
    assert await provider.read(ZONE, [KEY]) == {KEY: OURS}
    with pytest.raises(Raced):
        await provider.apply(ZONE, CREATE)


async def test_nobody_there_means_that_nothing_was_written(harness: Route53Harness) -> None:
    provider = harness.open_with(zones=[ZONE])
    await provider.read(ZONE, [KEY])
    harness.aws.proxy.close()

    with pytest.raises(Unavailable) as caught:
        await provider.apply(ZONE, CREATE)

    assert type(caught.value) is Unavailable
    assert harness.peek(ZONE, KEY) is None


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "InvalidClientTokenId"),
        (403, "SignatureDoesNotMatch"),
        (403, "AccessDenied"),
        (403, "ExpiredToken"),
        (400, "ExpiredTokenException"),
        (401, "SomethingNew"),
        (400, "RequestExpired"),
    ],
)
async def test_wrong_credentials_are_named_as_such(harness: Route53Harness, status: int, code: str) -> None:
    for error in (
        await read_error(harness, answer(status, code)),
        await write_error(harness, answer(status, code)),
    ):
        assert isinstance(error, AuthenticationFailed)
        assert code in str(error)
        assert "a-secret-that-must-never-be-shown" not in str(error)


async def test_a_zone_that_is_gone_is_not_found(harness: Route53Harness) -> None:
    fault = answer(404, "NoSuchHostedZone", "No hosted zone found with ID: Z1", times=2)

    assert isinstance(await read_error(harness, fault), ZoneNotFound)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("[Tried to delete resource record set [name='x.', type='TXT'] but it was not found]", Raced),
        ("[Tried to create resource record set [name='x.', type='TXT'] but it already exists]", Raced),
        ("[RRSet of type TXT is not permitted because a conflicting RRSet of type CNAME exists]", Raced),
        ("[RRSet of type CNAME is not permitted as it conflicts with other records]", Refused),
        ("[Invalid Resource Record: 'FATAL problem: CharacterStringTooLong']", Refused),
        ("[Number of records limit of 10000 exceeded.]", Refused),
    ],
)
async def test_the_words_of_a_refused_batch_tell_a_race_from_a_refusal(
    harness: Route53Harness, message: str, kind: type[ProviderError]
) -> None:
    error = await write_error(harness, answer(400, "InvalidChangeBatch", message))

    assert isinstance(error, kind)
    assert "InvalidChangeBatch" in str(error)


async def test_a_refusal_in_unknown_words_is_a_race_where_the_set_is_another_one(
    harness: Route53Harness,
) -> None:
    """The reference does not list the words; the zone itself tells."""
    harness.put(ZONE, RRset(KEY, 300, (TxtData.of("theirs"),)))

    error = await write_error(harness, answer(400, "InvalidChangeBatch", "[words of tomorrow]"))

    assert isinstance(error, Raced)
    assert "words of tomorrow" in str(error)


async def test_the_older_form_of_a_refused_batch_is_read_too(harness: Route53Harness) -> None:
    body = (
        '<?xml version="1.0"?><InvalidChangeBatch xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
        "<Messages><Message>Tried to create resource record set but it already exists</Message></Messages>"
        "<RequestId>1</RequestId></InvalidChangeBatch>"
    )
    error = await write_error(harness, Fault(Kind.ANSWER, 400, body.encode(), {"Content-Type": "text/xml"}))

    assert isinstance(error, Raced)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml at all",
        b"<html><body>Sign in to the hotel</body></html>",
        b"\xff\xfe\x00",
        b"<ListResourceRecordSetsResponse/>",
        b'{"json": true}',
        b"<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>a..b</Name>"
        b"<Type>TXT</Type></ResourceRecordSet></ResourceRecordSets></ListResourceRecordSetsResponse>",
        b"<ListResourceRecordSetsResponse><ResourceRecordSets/><IsTruncated>true</IsTruncated>"
        b"</ListResourceRecordSetsResponse>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"<a>" * 5000,
    ],
)
async def test_a_body_of_nonsense_is_no_answer_and_no_crash(harness: Route53Harness, body: bytes) -> None:
    fault = Fault(Kind.ANSWER, 200, body, {"Content-Type": "text/xml"})

    assert type(await read_error(harness, fault)) is Unavailable


@pytest.mark.parametrize("body", [b"not xml at all", b"\xff\xfe\x00", b"<a>" * 5000])
async def test_a_write_with_a_body_of_nonsense_may_have_been_made(
    harness: Route53Harness, body: bytes
) -> None:
    fault = Fault(Kind.ANSWER, 200, body, {"Content-Type": "text/xml"})

    assert type(await write_error(harness, fault)) is OutcomeUnknown


async def test_an_error_without_a_body_is_no_crash(harness: Route53Harness) -> None:
    assert type(await read_error(harness, Fault(Kind.ANSWER, 500))) is Unavailable
    assert isinstance(await read_error(harness, Fault(Kind.ANSWER, 403)), AuthenticationFailed)
    assert isinstance(await write_error(harness, Fault(Kind.ANSWER, 302)), OutcomeUnknown)


async def test_all_providers_of_one_account_share_five_requests_a_second(harness: Route53Harness) -> None:
    asked: list[tuple[str, Rate]] = []

    class Watched(Unhurried):
        def of(self, account: str, rate: Rate) -> object:  # type: ignore[override]
            asked.append((account, rate))
            return super().of(account, rate)

    surroundings = Surroundings(budgets=Watched())
    for zone in ("zorg.example", "other.example"):
        harness.open_with(zones=[zone], surroundings=surroundings)

    assert asked == [("route53:AKIAMAILSEALTESTS000", RATE)] * 2
    assert (RATE.per_second, RATE.burst) == (5, 5)


async def test_a_budget_that_is_used_up_sends_nothing(harness: Route53Harness) -> None:
    now = [0.0]
    budgets = Budgets(lambda: now[0])
    budget = budgets.of("route53:AKIAMAILSEALTESTS000", RATE)
    budget._full_at = 60.0
    provider = harness.open_with(zones=[ZONE], surroundings=Surroundings(budgets=budgets))

    with pytest.raises(RateLimited, match="budget of 5 requests a second"):
        await provider.read(ZONE, [KEY])

    assert harness.aws.proxy.requests == []
