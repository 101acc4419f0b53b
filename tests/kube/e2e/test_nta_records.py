"""NTA 7516 records: nothing without a declaration, exact months, and only one record at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailseal.records.months import Month
from support.world import World

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
OLD_DIALECT = (
    "v=NTA7516;version:2019-06;expire:2019-10;provider:smartlockr;ntamx:mx.mail.de;ntamx:mx2.mail.de"
)
TOO_LONG = "v=NTA7516-1;startdate=2019-06;enddate=2023-07;provider=Cryptshare;ntamx=10 nta.voorbeeld.example"


def this_month() -> Month:
    now = datetime.now(AMSTERDAM)
    return Month(now.year, now.month)


def expected(start: Month, months: int = 36) -> str:
    end = start.plus(months)
    return f"v=NTA7516-1;startdate={start};enddate={end};provider=zorgmail;ntamx=10 relay.zorgmail.nl"


def test_nothing_is_published_before_the_declaration_is_filled_in(world: World) -> None:
    world.apply(world.nta_record(declaration=None))
    message = world.wait_reason("NtaRecord", "nta", "DeclarationMissing")
    assert "spec.declaration" in message
    assert world.zone.content().keys() == {("@", "NS"), ("ns1", "A")}
    (record,) = world.status("NtaRecord", "nta")["records"]
    assert (record["state"], record["value"]) == ("Pending", expected(this_month()))
    world.change("NtaRecord", "nta", declaration={"signedOn": "2026-09-14", "reference": "ISMS-2026-041"})
    world.wait_ready("NtaRecord", "nta")
    assert world.zone.txt("@") == [expected(this_month())]


def test_status_and_metric_say_when_the_record_expires(world: World) -> None:
    start = this_month()
    world.apply(world.nta_record(validityMonths=12))
    world.wait_ready("NtaRecord", "nta")
    assert world.zone.txt("@") == [expected(start, 12)]
    end = start.plus(12)
    after = end.plus(1)
    first_moment_after = datetime(after.year, after.month, 1, tzinfo=AMSTERDAM)
    status = world.status("NtaRecord", "nta")
    assert (status["startMonth"], status["endMonth"]) == (str(start), str(end))
    assert status["expiresOn"] == f"{first_moment_after - timedelta(days=1):%Y-%m-%d}"
    expiry = world.operator.metric(
        "mailseal_nta_record_expiry_timestamp_seconds", namespace=world.namespace, name="nta"
    )
    assert expiry == first_moment_after.timestamp()


@pytest.mark.parametrize("foreign", [OLD_DIALECT, TOO_LONG], ids=["old-dialect", "49-months"])
def test_a_foreign_record_is_shown_as_a_conflict_and_replaced_when_that_is_wanted(
    new_world, foreign: str
) -> None:
    with new_world(f'@ IN TXT "{foreign}"\n@ IN TXT "MS=ms1"') as world:
        world.apply(world.tsig(), world.provider(), world.nta_record())
        assert foreign in world.wait_reason("NtaRecord", "nta", "ForeignValue")
        assert world.zone.txt("@") == ["MS=ms1", foreign]
        world.change("NtaRecord", "nta", adoption="Replace")
        world.wait_ready("NtaRecord", "nta")
        assert world.zone.txt("@") == ["MS=ms1", expected(this_month())]


def test_the_months_that_were_published_stay_when_the_provider_changes(world: World) -> None:
    start = this_month().plus(-3)
    world.apply(world.nta_record(startMonth=str(start)))
    world.wait_ready("NtaRecord", "nta")
    assert world.zone.txt("@") == [expected(start)]
    world.change("NtaRecord", "nta", startMonth=None, provider="zivver")
    world.wait_ready("NtaRecord", "nta")
    assert world.zone.txt("@") == [expected(start).replace("zorgmail;", "zivver;")]


def test_a_record_whose_months_are_over_is_not_published(world: World) -> None:
    world.apply(world.nta_record(startMonth="2020-01", renewal="Manual"))
    world.wait_reason("NtaRecord", "nta", "Expired")
    assert world.zone.txt("@") == []


def test_a_declaration_that_is_withdrawn_leaves_the_record_and_is_named(world: World) -> None:
    world.apply(world.nta_record())
    world.wait_ready("NtaRecord", "nta")
    world.change("NtaRecord", "nta", declaration=None)
    found = world.wait_ready("NtaRecord", "nta")
    (record,) = found["status"]["records"]
    assert "declaration" in record["message"]
    assert world.zone.txt("@") == [expected(this_month())]
