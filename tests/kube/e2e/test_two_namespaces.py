"""Two namespaces that claim one domain on one server: the older keeps it, the other is told whose it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from support.sharedprovider import SharedProvider
from support.world import World
from support.worldmanifests import PROVIDER, Object

OLDER_SPF = "v=spf1 ip4:192.0.2.0/28 -all"
YOUNGER_SPF = "v=spf1 mx -all"


@dataclass(frozen=True)
class Contest:
    """The namespaces, both with a provider for the same zone on the same server."""

    older: World
    younger: World
    ref: Object
    """The `providerRef` of resources in either namespace."""

    def claim(self, world: World, make: Callable[..., Object], **fields: object) -> None:
        """Apply a resource for the contested domain in one of the namespaces."""
        world.apply(make(domain=self.older.domain, providerRef=self.ref, **fields))

    def begin(self) -> None:
        """Have the older publish its SPF record, and then the younger ask for one."""
        self.claim(self.older, self.older.mail_domain)
        self.older.wait_ready("MailDomain", "mail")
        self.older.wait_for_later_creation("MailDomain", "mail")
        self.claim(self.younger, self.younger.mail_domain, spf={"mechanisms": ["mx"]})


def _through_one_provider(older: World, younger: World) -> Iterator[Contest]:
    with SharedProvider(older) as shared:
        older.apply(shared.manifest(allowedNamespaces=[older.namespace, younger.namespace]))
        yield Contest(older, younger, shared.ref)
        younger.delete_all()


def _through_two_providers(older: World, younger: World) -> Iterator[Contest]:
    for world in (older, younger):
        world.apply(older.tsig(), older.provider())
    yield Contest(older, younger, {"name": PROVIDER})


@pytest.fixture(params=[_through_one_provider, _through_two_providers], ids=["one-provider", "two-providers"])
def contest(request: pytest.FixtureRequest, new_world) -> Iterator[Contest]:
    with new_world() as older, new_world() as younger:
        yield from request.param(older, younger)


def test_the_older_keeps_the_domain_and_the_younger_is_told_whose_it_is(contest: Contest) -> None:
    contest.begin()
    message = contest.younger.wait_reason("MailDomain", "mail", "ClaimedByOlder")
    assert f"MailDomain {contest.older.namespace}/mail is older" in message
    contest.older.wait_for_syncs(1)
    assert contest.older.zone.txt("@") == [OLDER_SPF]
    assert contest.older.condition("MailDomain", "mail")["status"] == "True"
    assert contest.older.events("MailDomain", "mail") == []


def test_the_younger_takes_over_when_the_older_is_deleted(contest: Contest) -> None:
    contest.begin()
    contest.younger.wait_reason("MailDomain", "mail", "ClaimedByOlder")
    contest.older.delete("MailDomain", "mail")
    contest.younger.wait_ready("MailDomain", "mail")
    contest.older.wait_gone("MailDomain", "mail")
    assert contest.older.zone.txt("@") == [YOUNGER_SPF]


def test_deleting_the_younger_leaves_what_the_older_published(contest: Contest) -> None:
    contest.begin()
    contest.younger.wait_reason("MailDomain", "mail", "ClaimedByOlder")
    before = contest.older.zone.content()
    contest.younger.delete("MailDomain", "mail")
    contest.younger.wait_gone("MailDomain", "mail")
    contest.older.wait_for_syncs(1, "settled")
    assert contest.older.zone.content() == before


def test_keys_of_both_stand_side_by_side(contest: Contest) -> None:
    selectors = []
    for world in (contest.older, contest.younger):
        contest.claim(world, world.dkim_key)
        world.wait_ready("DkimKey", "dkim")
        (key,) = world.status("DkimKey", "dkim")["keys"]
        selectors.append(key["selector"])
    contest.older.delete("DkimKey", "dkim")
    contest.older.wait_gone("DkimKey", "dkim")
    contest.older.wait_for_syncs(1)
    published = [contest.older.zone.txt(f"{selector}._domainkey") for selector in selectors]
    assert published[0] == []
    assert len(published[1]) == 1
    assert contest.younger.condition("DkimKey", "dkim")["status"] == "True"
