"""What the operator knows: news is told from echoes, and the indices follow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.objects import FINALIZER
from mailseal.kube.store import Store
from mailseal.records.names import DnsName
from support.kube_objects import resource

MAIN = ObjectKey("MailDomain", "mail", "main")
DNS = ObjectKey("DnsProvider", "mail", "dns")
OTHER_DNS = ObjectKey("DnsProvider", "mail", "other")
EXAMPLE = DnsName("example.nl")


def test_a_resource_is_news_once() -> None:
    store = Store()
    assert store.put(resource())
    assert not store.put(resource())
    assert store.get(MAIN) == resource()


def test_an_older_version_changes_nothing() -> None:
    store = Store()
    store.put(resource(version=5))
    assert not store.put(resource(version=4, generation=7))
    assert store.get(MAIN) == resource(version=5)


def test_a_new_version_that_says_the_same_is_kept_and_no_news() -> None:
    store = Store()
    store.put(resource(version=5))
    assert not store.put(resource(version=6, labels={"team": "mail"}))
    kept = store.get(MAIN)
    assert kept is not None
    assert kept.resource_version == 6


@pytest.mark.parametrize(
    "change",
    [
        {"generation": 2},
        {"deletionTimestamp": "2026-01-02T00:00:00Z"},
        {"finalizers": [FINALIZER]},
        {"annotations": {"mailseal.dev/confirm-plan": "abc"}},
        {"status": {"records": []}},
        {"spec": {"domain": "nonsense"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_decisions_rest_on_is_news(change) -> None:
    store = Store()
    store.put(resource())
    assert store.put(resource(version=2, **change))


def test_a_resource_that_has_taken_the_name_of_another_is_news_and_outlives_the_end_of_that_one() -> None:
    store = Store()
    store.put(resource(version=3))
    reborn = resource(version=9, uid="uid-reborn")
    assert store.put(reborn)
    assert not store.remove(MAIN, "uid-main")
    assert not store.put(resource(version=3))
    assert store.get(MAIN) == reborn
    assert store.remove(MAIN, "uid-reborn")
    assert store.get(MAIN) is None


def test_the_answer_to_a_status_write_is_kept_unless_it_shows_a_change_of_somebody_else() -> None:
    store = Store()
    store.put(resource())
    written = resource(version=2, status={"records": []})
    store.put_answer(written)
    assert store.get(MAIN) == written
    store.put_answer(resource(version=4, generation=2))
    assert store.get(MAIN) == written
    assert store.put(resource(version=4, generation=2))


def test_a_resource_moves_between_providers() -> None:
    store = Store()
    store.put(resource())
    assert store.of_provider(DNS) == {MAIN}
    store.put(resource(version=2, generation=2, spec={"providerRef": {"name": "other"}}))
    assert store.of_provider(DNS) == frozenset()
    assert store.of_provider(OTHER_DNS) == {MAIN}
    assert [found.key for found in store.at_domain(EXAMPLE)] == [MAIN]


def test_a_resource_whose_spec_turned_invalid_is_at_no_domain() -> None:
    store = Store()
    store.put(resource())
    store.put(resource(version=2, generation=2, spec={"domain": "nonsense"}))
    assert store.at_domain(EXAMPLE) == []
    assert store.of_provider(DNS) == frozenset()
    assert store.get(MAIN) is not None


def test_removing_what_is_not_there_changes_nothing() -> None:
    store = Store()
    store.put(resource())
    assert not store.remove(ObjectKey("MailDomain", "mail", "unknown"), "uid-unknown")
    assert store.objects() == [resource()]


_names = st.sampled_from(["one", "two", "three"])
_domains = st.sampled_from(["example.nl", "example.org", "nonsense"])
_providers = st.sampled_from(["dns", "other"])


@given(st.lists(st.tuples(_names, _domains, _providers, st.booleans())))
def test_the_indices_always_say_what_the_resources_say(steps) -> None:
    store = Store()
    for version, (name, domain, provider, removed) in enumerate(steps, 1):
        if removed:
            store.remove(ObjectKey("MailDomain", "mail", name), f"uid-{name}")
        else:
            spec = {"domain": domain, "providerRef": {"name": provider}}
            store.put(resource(name=name, version=version, generation=version, spec=spec))
    kept = store.objects()
    for provider in (DNS, OTHER_DNS):
        assert store.of_provider(provider) == {found.key for found in kept if found.provider_key == provider}
    for domain in ("example.nl", "example.org"):
        keys = {found.key for found in kept if getattr(found.spec, "domain", "") == domain}
        assert {found.key for found in store.at_domain(DnsName(domain))} == keys


def test_what_is_gone_does_not_come_back_by_a_watch_that_lags() -> None:
    """The answer to our own write may tell of the end before the watch does."""
    store = Store()
    store.put(resource(version=5))
    store.remove(MAIN, resource().uid)
    assert not store.put(resource(version=6))
    assert store.get(MAIN) is None
