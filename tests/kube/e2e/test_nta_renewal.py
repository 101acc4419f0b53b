"""Renewal of NTA 7516 records: one atomic replacement, when it is due and allowed; what stands never goes."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailseal.records.months import Month
from support.world import World

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
FOREIGN = ("MS=ms12345678", "v=spf1 -all")
NTA = "v=NTA7516"


def this_month() -> Month:
    return Month.of(datetime.now(AMSTERDAM))


def days_ago(days: int) -> str:
    return f"{datetime.now(AMSTERDAM) - timedelta(days=days):%Y-%m-%d}"


def value(start: Month, months: int = 36) -> str:
    dates = f"startdate={start};enddate={start.plus(months)}"
    return f"v=NTA7516-1;{dates};provider=zorgmail;ntamx=10 relay.zorgmail.nl"


def declared(days: int) -> dict[str, str]:
    return {"signedOn": days_ago(days), "reference": f"signed {days} days ago"}


def renewal(world: World) -> tuple[str, str]:
    found = world.condition("NtaRecord", "nta", "Renewal")
    return str(found.get("status")), str(found.get("reason"))


def wait_renewal(world: World, status: str, reason: str) -> str:
    world.wait(lambda: renewal(world) == (status, reason), f"Renewal {status} because of {reason}")
    return str(world.condition("NtaRecord", "nta", "Renewal")["message"])


def wait_value(world: World, wanted: str) -> None:
    world.wait(lambda: world.zone.txt("@", NTA) == [wanted], f"the record {wanted}")


def publish_old(world: World, months_ago: int = 34, **fields: object) -> Month:
    """A record that stands since then, and that is not renewed before its last day."""
    start = this_month().plus(-months_ago)
    wanted = {"startMonth": str(start), "renewBefore": "1d", "declaration": declared(300), **fields}
    world.apply(world.nta_record(**wanted))
    world.wait_ready("NtaRecord", "nta")
    assert world.zone.txt("@", NTA) == [value(start)]
    assert renewal(world) == ("True", "NotDue")
    return start


def test_a_record_that_is_due_is_replaced_in_one_step_beside_the_values_of_others(new_world) -> None:
    foreign = "".join(f'@ IN TXT "{text}"\n' for text in FOREIGN) + '@ IN TXT "split" " in two"\n'
    with new_world(foreign) as world:
        world.apply(world.tsig(), world.provider())
        old, standing = publish_old(world), world.zone.strings("@")
        with world.zone.watched("@", NTA) as seen:
            world.change("NtaRecord", "nta", renewBefore="90d")
            wait_value(world, value(this_month()))
        assert seen == {(value(old),), (value(this_month()),)}
        others = {strings for strings in standing if not strings[0].startswith(b"v=NTA")}
        assert others < world.zone.strings("@")
        assert len(world.zone.strings("@")) == len(standing)
        world.wait(lambda: world.status("NtaRecord", "nta")["endMonth"] == str(this_month().plus(36)), "told")
        assert [text for reason, text in world.events("NtaRecord", "nta") if reason == "Renewed"]
        assert renewal(world) == ("True", "NotDue")


def test_manual_renewal_waits_for_a_newer_declaration_and_tells_of_it_once(world: World) -> None:
    old = publish_old(world)
    world.change("NtaRecord", "nta", renewBefore="90d", renewal="Manual")
    message = wait_renewal(world, "False", "DeclarationNeeded")
    assert days_ago(300) in message
    world.wait_ready("NtaRecord", "nta")
    world.wait_for_syncs(2)
    assert world.zone.txt("@", NTA) == [value(old)]
    reasons = [reason for reason, _ in world.events("NtaRecord", "nta")]
    assert reasons.count("DeclarationNeeded") == 1
    world.change("NtaRecord", "nta", declaration=declared(1))
    wait_value(world, value(this_month()))
    wait_renewal(world, "True", "NotDue")
    assert world.status("NtaRecord", "nta")["declaredOn"] == days_ago(1)


def test_checks_that_are_not_passed_hold_up_renewal_and_leave_the_record(world: World) -> None:
    old = publish_old(world)
    world.change("NtaRecord", "nta", renewBefore="90d", prerequisites=[{"check": "DNSSEC"}])
    assert "DNSSEC" in wait_renewal(world, "Unknown", "PrerequisitesUnknown")
    world.wait_ready("NtaRecord", "nta")
    world.wait_for_syncs(2)
    assert world.zone.txt("@", NTA) == [value(old)]
    world.change("NtaRecord", "nta", prerequisites=[])
    wait_value(world, value(this_month()))


def test_nothing_is_published_for_the_first_time_before_the_checks_pass(world: World) -> None:
    world.apply(world.nta_record(prerequisites=[{"check": "DNSSEC"}]))
    assert "DNSSEC" in world.wait_reason("NtaRecord", "nta", "PrerequisitesUnknown")
    assert world.zone.txt("@") == []
    assert world.condition("NtaRecord", "nta", "Renewal") == {}
    world.change("NtaRecord", "nta", prerequisites=[{"check": "DNSSEC", "mode": "Warn"}])
    world.wait_ready("NtaRecord", "nta")
    assert world.zone.txt("@", NTA) == [value(this_month())]


def test_a_found_record_is_adopted_with_its_months_and_renewed_when_due(new_world) -> None:
    found = this_month().plus(-30)
    with new_world(f'@ IN TXT "{value(found)}"\n@ IN TXT "MS=ms1"\n') as world:
        world.apply(world.tsig(), world.provider(), world.nta_record(declaration=declared(10)))
        world.wait_ready("NtaRecord", "nta")
        assert world.zone.txt("@") == ["MS=ms1", value(found)]
        assert world.status("NtaRecord", "nta")["startMonth"] == str(found)
        with world.zone.watched("@", NTA) as seen:
            world.change("NtaRecord", "nta", renewBefore="365d")
            wait_value(world, value(this_month()))
        assert seen == {(value(found),), (value(this_month()),)}


def test_an_overdue_review_is_a_condition_and_an_event_and_ends_when_it_is_held(world: World) -> None:
    world.apply(world.nta_record(declaration=declared(400)))
    world.wait_ready("NtaRecord", "nta")
    reviews = world.condition("NtaRecord", "nta", "Reviews")
    assert (reviews["status"], reviews["reason"]) == ("False", "ReviewOverdue")
    assert "spec.reviews.yearlyOn" in reviews["message"]
    world.wait_for_syncs(2)
    reasons = [reason for reason, _ in world.events("NtaRecord", "nta")]
    assert reasons.count("ReviewOverdue") == 1
    world.change("NtaRecord", "nta", reviews={"yearlyOn": days_ago(3)})
    world.wait(lambda: world.condition("NtaRecord", "nta", "Reviews")["status"] == "True", "reviewed")
    assert world.condition("NtaRecord", "nta")["status"] == "True"
