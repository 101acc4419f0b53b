"""Zones of an account whose API lists them."""

from __future__ import annotations

import asyncio

import pytest

from mailseal.providers.base import InvalidConfiguration, Unavailable, ZoneNotFound
from mailseal.providers.zonedirectory import CACHE_SECONDS, Listing, ZoneDirectory
from mailseal.records.names import DnsName

PARENT, CHILD, TWIN = DnsName("a.example"), DnsName("b.a.example"), DnsName("twin.example")


class Account:
    """An API whose listings are counted, and a clock that stands still."""

    def __init__(self, *zones: DnsName) -> None:
        self.listing = Listing({zone: f"id-of-{zone}" for zone in zones})
        self.error: Exception | None = None
        self.asked = 0
        self.now = 1000.0

    async def fetch(self) -> Listing[str]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return self.listing

    def directory(self, *listed: DnsName) -> ZoneDirectory[str]:
        return ZoneDirectory(self.fetch, listed, lambda: self.now)


async def test_the_longest_suffix_is_found_and_the_list_asked_for_once() -> None:
    account = Account(PARENT, CHILD)
    directory = account.directory()

    assert await directory.zone_of(DnsName("x.b.a.example")) == CHILD
    assert await directory.zone_of(DnsName("xb.a.example")) == PARENT
    assert await directory.handle(PARENT) == "id-of-a.example"
    assert account.asked == 1


async def test_many_at_once_ask_once() -> None:
    account = Account(PARENT)
    directory = account.directory()

    await asyncio.gather(*(directory.zone_of(PARENT) for _ in range(10)))

    assert account.asked == 1


async def test_an_old_list_is_asked_for_again() -> None:
    account = Account(PARENT)
    directory = account.directory()
    await directory.zone_of(PARENT)
    account.listing = Listing({PARENT: "x", CHILD: "y"})
    assert await directory.zone_of(CHILD) == PARENT

    account.now += CACHE_SECONDS

    assert await directory.zone_of(CHILD) == CHILD


async def test_what_is_missing_or_was_forgotten_is_asked_for_at_once() -> None:
    account = Account(PARENT)
    directory = account.directory()
    await directory.zone_of(PARENT)
    account.listing = Listing({TWIN: "x"})

    assert await directory.zone_of(TWIN) == TWIN
    directory.forget()
    with pytest.raises(ZoneNotFound, match=r"no zone a\.example; .* can see: twin\.example"):
        await directory.handle(PARENT)
    assert account.asked == 3


async def test_where_no_zone_is_seen_none_is_said_to_be_seen() -> None:
    """A backend that is asked for the listed zones alone does not tell which others there are."""
    survey = await Account().directory(PARENT).survey()

    assert str(survey.faults[PARENT]) == "there is no zone a.example that these credentials can see"


async def test_listed_zones_need_no_question_until_they_are_surveyed() -> None:
    account = Account(PARENT)
    directory = account.directory(PARENT, CHILD)

    assert await directory.zone_of(DnsName("x.b.a.example")) == CHILD
    with pytest.raises(ZoneNotFound):
        await directory.zone_of(TWIN)
    assert account.asked == 0
    survey = await directory.survey()
    assert survey.served == (PARENT,)
    assert set(survey.faults) == {CHILD}


async def test_a_survey_without_listed_zones_is_of_those_that_were_found() -> None:
    account = Account(PARENT, CHILD, TWIN)
    directory = account.directory()
    await directory.zone_of(CHILD)

    assert (await directory.survey()).served == (CHILD,)


async def test_a_zone_with_a_fault_is_that_fault_and_nobody_elses() -> None:
    account = Account()
    account.listing = Listing({PARENT: "x"}, {TWIN: InvalidConfiguration("two of them")})
    directory = account.directory()

    assert await directory.zone_of(PARENT) == PARENT
    for ask in (directory.zone_of, directory.handle):
        with pytest.raises(InvalidConfiguration, match="two of them"):
            await ask(TWIN)


async def test_a_failure_of_the_api_is_passed_on_and_leaves_the_last_list() -> None:
    account = Account(PARENT)
    directory = account.directory()
    await directory.zone_of(PARENT)
    account.error = Unavailable("down")

    assert await directory.zone_of(PARENT) == PARENT
    with pytest.raises(Unavailable):
        await directory.survey()


async def test_the_list_is_asked_for_when_it_is_old_or_lacks_a_name() -> None:
    account = Account(PARENT)
    directory = account.directory()

    assert await directory.zone_of(DnsName("x.a.example")) == PARENT
    assert await directory.zone_of(DnsName("y.a.example")) == PARENT
    assert account.asked == 1

    account.listing = Account(PARENT, CHILD, TWIN).listing
    assert await directory.zone_of(TWIN) == TWIN
    assert account.asked == 2
    assert await directory.zone_of(DnsName("x.b.a.example")) == CHILD
    assert account.asked == 2

    account.listing = Account(PARENT).listing
    account.now += CACHE_SECONDS
    assert await directory.zone_of(CHILD) == PARENT
    assert account.asked == 3


async def test_only_zones_that_somebody_asked_for_are_known() -> None:
    directory = Account(PARENT, CHILD).directory()
    with pytest.raises(ZoneNotFound):
        await directory.zone_of(DnsName("elsewhere.example"))
    assert directory.asked == ()
    await directory.zone_of(PARENT)
    assert directory.asked == (PARENT,)
