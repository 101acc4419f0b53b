"""The life of a DkimKey's keys in the operator's loops: every step is committed before DNS follows."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from mailseal.domain.dkimkey import KeyAlgorithm, SigningKey
from mailseal.engine.dkimkeys import generate_key, read_key
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube import zonekeeper
from mailseal.kube.api import ApiError
from mailseal.kube.keystatus import KEY_TROUBLE, SIGNING
from mailseal.kube.serverclock import CLOCK_TOLERANCE
from mailseal.planning.keylife.model import KeyState
from mailseal.providers.base import Unavailable
from support.fakekeys import KEEPING, PROPAGATION, RETIREMENT, TTL, WatchedKey
from support.fakeoperator import FakeCluster
from support.planning_world import ZONE

OFTEN = timedelta(seconds=0.05)
SOON = timedelta(seconds=0.1)
REVEALED = ObjectKey("ConfigMap", "mail", "dkim-revealed")
RETIRED = ObjectKey("Secret", "mail", "dkim-retired")
IMPORT = ObjectKey("Secret", "mail", "old-keys")
OLD_KEY = generate_key("mail2024", SigningKey(algorithm=KeyAlgorithm.ED25519))
DELETING_AT_ONCE = {"rotation": {"retireAfter": "0s"}}


@pytest.fixture(autouse=True)
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zones do not wait for further changes."""
    monkeypatch.setattr(zonekeeper, "GATHER", timedelta(milliseconds=1))


@contextlib.asynccontextmanager
async def operator(cluster: FakeCluster) -> AsyncIterator[None]:
    """An operator that looks at the zone all the time, so that it notices when tests move the clock."""
    async with cluster.operator(resync=OFTEN, secret_poll=SOON):
        yield


async def stays_so(cluster: FakeCluster) -> int:
    """Let the operator look at the zone some more times; how often it wrote meanwhile."""
    writes, reads = cluster.kube.writes, cluster.backend.reads
    await cluster.wait(lambda: cluster.backend.reads > reads + 6, "looked again")
    return cluster.kube.writes - writes


async def test_a_rotation_from_the_first_key_to_the_end_of_it(cluster) -> None:
    async with operator(cluster):
        dkim = WatchedKey(cluster)
        old = await dkim.wait_active()
        key = dkim.record(old)
        assert dkim.files["selectors"] == f"{old}\n".encode()

        dkim.annotate("rotate", "1")
        assert await dkim.wait_states("Retiring", "Active") == [old, dkim.signing]
        new = dkim.signing
        assert dkim.files["selectors"] == f"{new}\n".encode()
        assert f"{old}.pem" in dkim.files, "some mail server may still sign with it"

        dkim.pass_time(PROPAGATION)
        await cluster.wait(lambda: f"{old}.pem" not in dkim.files, "the old private key gone")
        dkim.pass_time(RETIREMENT - timedelta(minutes=1))
        await stays_so(cluster)
        assert dkim.record(old) == key

        dkim.pass_time(timedelta(minutes=1))
        await dkim.wait_states("Revoked", "Active")
        assert dkim.is_revoked(old)

        dkim.pass_time(KEEPING)
        await dkim.wait_states("Active")
        assert dkim.record(old) == ""
        assert dkim.life.past == (old,)
        assert dkim.record(new) == read_key(new, dkim.files[f"{new}.pem"]).record
    assert dkim.faults == []
    first, second = ["KeyPrepared", "KeyPublished", "KeyActive"], ["KeyPrepared", "KeyPublished"]
    assert dkim.events == [*first, *second, "KeyRetiring", "KeyActive", "KeyRevoked", "KeyGone"]


async def test_a_request_for_a_rotation_is_followed_once(cluster) -> None:
    dkim = WatchedKey(cluster)
    dkim.annotate("rotate", "now")
    async with operator(cluster):
        first = await dkim.wait_active()
        assert await stays_so(cluster) == 0, "the first keys are new enough"
        dkim.annotate("rotate", "again")
        await dkim.wait_states("Retiring", "Active")
        dkim.pass_time(PROPAGATION)
        await cluster.wait(lambda: f"{first}.pem" not in dkim.files, "confirmed")
        await dkim.settle()
    async with operator(cluster):
        assert await stays_so(cluster) == 0


async def test_nothing_is_written_while_there_is_nothing_to_do(cluster) -> None:
    dkim = WatchedKey(cluster)
    async with operator(cluster):
        await dkim.wait_active()
        writes = cluster.backend.writes
        assert await stays_so(cluster) == 0
        assert cluster.backend.writes == writes


async def test_keys_rotate_when_the_interval_is_over(cluster) -> None:
    dkim = WatchedKey(cluster, rotation={"interval": "90d", "jitterPercent": 0})
    async with operator(cluster):
        await dkim.wait_active()
        await cluster.wait(lambda: "nextRotation" in dkim.status, "the next rotation told")
        confirmed = dkim.life.sets[-1].confirmed_at
        assert confirmed is not None
        assert dkim.status["nextRotation"] == f"{confirmed + timedelta(days=90):%Y-%m-%dT%H:%M:%SZ}"
        dkim.pass_time(timedelta(days=89))
        await stays_so(cluster)
        assert list(dkim.states.values()) == ["Active"]
        dkim.pass_time(timedelta(days=1))
        await dkim.wait_states("Retiring", "Active")
        assert "nextRotation" not in dkim.status, "one is under way"


NIGHT = {"window": {"from": "02:00", "to": "04:00", "timeZone": "UTC"}}


async def test_a_change_of_the_spec_waits_for_the_maintenance_window(cluster) -> None:
    dkim = WatchedKey(cluster, rotation=NIGHT)
    async with operator(cluster):
        await dkim.wait_active()
        dkim.change(selectorTemplate="other-{random}")
        await cluster.wait_ready(dkim.key)
        await stays_so(cluster)
        assert list(dkim.states.values()) == ["Active"]
        dkim.pass_time(timedelta(hours=14))
        _, new = await dkim.wait_states("Retiring", "Active")
        assert new.startswith("other-")
    assert dkim.faults == []


async def test_a_forced_rotation_does_not_wait_for_the_maintenance_window(cluster) -> None:
    dkim = WatchedKey(cluster, rotation=NIGHT)
    async with operator(cluster):
        await dkim.wait_active()
        dkim.annotate("rotate", "now")
        await dkim.wait_states("Retiring", "Active")


async def test_with_acknowledgement_the_switch_is_confirmed_by_the_mail_server_only(cluster) -> None:
    dkim = WatchedKey(cluster, rotation={"confirmation": "Acknowledgement"})
    async with operator(cluster):
        (old,) = await dkim.wait_states("Active")
        dkim.annotate("signing-with", old)
        await cluster.wait(lambda: dkim.life.sets[0].confirmed_at is not None, "acknowledged")
        dkim.annotate("rotate", "1")
        _, new = await dkim.wait_states("Retiring", "Active")
        dkim.pass_time(timedelta(days=30))
        await stays_so(cluster)
        assert f"{old}.pem" in dkim.files
        assert dkim.record(old).endswith("=")
        message = cluster.kube.condition(dkim.key, SIGNING)["message"]
        assert f"mailseal.dev/signing-with={new}" in message
        dkim.annotate("signing-with", f"{new}, {old}")
        await cluster.wait(lambda: f"{old}.pem" not in dkim.files, "acknowledged")
    assert dkim.faults == []


async def test_two_keys_sign_and_rotate_together(cluster) -> None:
    ed25519 = {"algorithm": "Ed25519"}
    dkim = WatchedKey(cluster, keys=[ed25519, ed25519])
    async with operator(cluster):
        old = await dkim.wait_states("Active", "Active")
        dkim.pass_time(PROPAGATION)
        dkim.annotate("rotate", "1")
        both = await dkim.wait_states("Retiring", "Retiring", "Active", "Active")
        assert both[:2] == old
        assert dkim.status["signingSelectors"] == both[2:]
        assert dkim.files["selectors"].decode().split() == both[2:]
    assert dkim.faults == []


async def test_a_deleted_secret_leads_to_new_keys_and_the_old_ones_retire(cluster) -> None:
    dkim = WatchedKey(cluster, rotation=NIGHT)
    async with operator(cluster):
        old = await dkim.wait_active()
        cluster.kube.vanish(dkim.secret_key)
        await dkim.wait_states("Retiring", "Active")
        assert dkim.record(old), "mail under way is signed with it"
        assert dkim.life.sets[-1].cause == "KeyLost"
        dkim.pass_time(PROPAGATION)
        await cluster.wait(lambda: dkim.life.sets[0].retiring_at is not None, "retiring")
        dkim.pass_time(RETIREMENT)
        await dkim.wait_states("Revoked", "Active")
    assert dkim.faults == []


async def test_a_private_key_that_was_edited_is_replaced(cluster) -> None:
    dkim = WatchedKey(cluster)
    async with operator(cluster):
        old = await dkim.wait_active()
        cluster.kube.edit_data(dkim.secret_key, **{f"{old}__pem": b"rubbish"})
        await dkim.wait_states("Retiring", "Active")
        assert f"{old}.pem" not in dkim.files


async def test_other_files_that_were_edited_are_put_right_without_a_rotation(cluster) -> None:
    dkim = WatchedKey(cluster)
    async with operator(cluster):
        await dkim.wait_active()
        before = dkim.files
        cluster.kube.edit_data(dkim.secret_key, selectors=b"wrong", ed25519__pem=None)
        await cluster.wait(lambda: dkim.files == before, "put right")
        await stays_so(cluster)
        assert list(dkim.states.values()) == ["Active"]


@pytest.mark.parametrize("late", [False, True], ids=["noticed at once", "noticed late"])
async def test_a_secret_that_is_put_right_gets_time_again_to_reach_the_mail_server(cluster, late) -> None:
    """Somebody restored an older version, and a mail server may have taken it up."""
    dkim = WatchedKey(cluster)
    async with operator(cluster):
        old = await dkim.wait_active()
        dkim.annotate("rotate", "1")
        await dkim.wait_states("Retiring", "Active")
        before = dkim.files
        await dkim.settle()
    dkim.pass_time(PROPAGATION - timedelta(minutes=1))
    cluster.kube.edit_data(dkim.secret_key, selectors=f"{old}\n".encode())
    if late:
        dkim.pass_time(PROPAGATION)
    async with operator(cluster):
        await cluster.wait(lambda: dkim.files == before, "put right")
        dkim.pass_time(timedelta(minutes=2))
        await stays_so(cluster)
        assert f"{old}.pem" in dkim.files
        dkim.pass_time(PROPAGATION)
        await cluster.wait(lambda: f"{old}.pem" not in dkim.files, "confirmed")
    assert dkim.faults == []


async def test_a_secret_that_lost_its_label_gets_it_back_and_is_still_watched(cluster) -> None:
    dkim = WatchedKey(cluster)
    async with operator(cluster):
        await dkim.wait_active()
        labels = cluster.secret(dkim.key)["metadata"]["labels"]
        cluster.kube.set_labels(dkim.secret_key, {})
        await cluster.wait(lambda: cluster.secret(dkim.key)["metadata"]["labels"] == labels, "labelled")


async def test_another_layout_is_written_at_once_and_rotates_nothing(cluster) -> None:
    dkim = WatchedKey(cluster)
    async with operator(cluster):
        selector = await dkim.wait_active()
        dkim.change(secret={"layouts": ["OpenDKIM"]})
        await cluster.wait(lambda: "KeyTable" in dkim.files, "the files of the layout")
        assert dkim.files.keys() == {f"{selector}.pem", "selectors", "KeyTable", "SigningTable"}
        await stays_so(cluster)
        assert list(dkim.states) == [selector]


async def test_a_status_that_was_lost_is_written_again_and_nothing_else_happens(cluster) -> None:
    dkim = WatchedKey(cluster)
    async with operator(cluster):
        await dkim.wait_active()
        before = dict(dkim.status)
    cluster.kube.set_status(dkim.key, {})
    writes = cluster.backend.writes
    async with operator(cluster):
        await dkim.settle()
        await stays_so(cluster)
    assert {name: dkim.status[name] for name in ("keys", "keyLife", "signingSelectors")} == {
        name: before[name] for name in ("keys", "keyLife", "signingSelectors")
    }
    assert cluster.backend.writes == writes


def retiring_of(dkim: WatchedKey, selector: str) -> datetime | None:
    """Since when the set of a selector is known to sign nowhere."""
    return next(found.retiring_at for found, key in dkim.life.all_keys() if key.selector == selector)


async def test_with_secret_and_status_lost_the_keys_in_dns_retire_as_any_others(cluster) -> None:
    """A resource that is restored from a backup in another cluster."""
    dkim = WatchedKey(cluster)
    async with operator(cluster):
        old = await dkim.wait_active()
    cluster.kube.set_status(dkim.key, {})
    cluster.kube.vanish(dkim.secret_key)
    async with operator(cluster):
        await cluster.wait(lambda: list(dkim.states.values()).count("Retiring") == 1, "found")
        await cluster.wait(lambda: "Active" in dkim.states.values(), "new keys sign")
        assert dkim.states[old] == "Retiring"
        dkim.pass_time(PROPAGATION)
        await cluster.wait(
            lambda: all(found.stopped_at is None or found.retiring_at for found in dkim.life.sets), ""
        )
        dkim.pass_time(RETIREMENT - timedelta(minutes=1))
        await stays_so(cluster)
        assert not dkim.is_revoked(old)
        dkim.pass_time(timedelta(minutes=1))
        await cluster.wait(lambda: dkim.is_revoked(old), "revoked")
    assert dkim.faults == []


async def test_where_a_foreign_key_stands_at_the_selector_ours_signs_no_more(cluster) -> None:
    dkim = WatchedKey(cluster)
    async with operator(cluster):
        old = await dkim.wait_active()
        foreign = OLD_KEY.held.record
        dkim.put_record(old, foreign)
        await cluster.wait(
            lambda: dkim.signing != old if dkim.status["signingSelectors"] else False, "switched"
        )
        dkim.pass_time(PROPAGATION)
        dkim.pass_time(RETIREMENT)
        await stays_so(cluster)
        assert dkim.record(old) == foreign


async def test_deleting_retires_the_keys_before_the_resource_goes(cluster) -> None:
    dkim = WatchedKey(cluster)
    async with operator(cluster):
        selector = await dkim.wait_active()
        key = dkim.record(selector)
        dkim.delete()
        await cluster.wait(lambda: dkim.files["selectors"] == b"", "told to sign no more")
        dkim.pass_time(PROPAGATION)
        await cluster.wait(lambda: f"{selector}.pem" not in dkim.files, "retiring")
        dkim.pass_time(RETIREMENT - timedelta(minutes=1))
        await stays_so(cluster)
        assert dkim.record(selector) == key
        assert dkim.key in cluster.kube.objects
        dkim.pass_time(timedelta(minutes=1))
        await cluster.wait_gone(dkim.key)
        assert dkim.record(selector) == ""
        assert cluster.texts(f"_mailseal.{ZONE}") == set()


@pytest.mark.parametrize("method", ["EmptyKey", "Delete"])
async def test_keys_whose_mail_need_not_arrive_go_at_once(cluster, method) -> None:
    dkim = WatchedKey(cluster, **DELETING_AT_ONCE, revocation={"method": method})
    async with operator(cluster):
        selector = await dkim.wait_active()
        dkim.delete()
        await cluster.wait_gone(dkim.key)
        assert dkim.record(selector) == ""


async def test_a_dkim_key_that_never_got_a_key_goes_at_once(cluster) -> None:
    dkim = WatchedKey(cluster, imports=[{"selector": "mail2024", "secretName": "none", "secretKey": "k"}])
    async with operator(cluster):
        await cluster.wait_reason(dkim.key, "ImportFailed")
        dkim.delete()
        await cluster.wait_gone(dkim.key)


async def test_where_nothing_is_ever_deleted_the_last_step_is_the_revocation(cluster) -> None:
    cluster.provider(policy="UpsertOnly")
    dkim = WatchedKey(cluster, **DELETING_AT_ONCE)
    async with operator(cluster):
        selector = await dkim.wait_active()
        dkim.delete()
        await cluster.wait_gone(dkim.key)
        assert dkim.is_revoked(selector)


async def test_where_nothing_is_ever_written_nothing_has_to_be_removed(cluster) -> None:
    cluster.provider(policy="DryRun")
    dkim = WatchedKey(cluster)
    async with operator(cluster):
        await cluster.wait_reason(dkim.key, "DryRun")
        dkim.delete()
        await cluster.wait_gone(dkim.key)


async def test_keys_that_were_published_before_outlast_a_dry_run(cluster) -> None:
    dkim = WatchedKey(cluster, **DELETING_AT_ONCE)
    async with operator(cluster):
        selector = await dkim.wait_active()
        cluster.provider(policy="DryRun")
        await stays_so(cluster)
        dkim.delete()
        await stays_so(cluster)
        assert dkim.record(selector)
        assert dkim.key in cluster.kube.objects
        cluster.provider(policy="Sync")
        await cluster.wait_gone(dkim.key)


async def test_in_a_namespace_that_goes_the_keys_retire_without_a_secret(cluster, monkeypatch) -> None:
    dkim = WatchedKey(cluster)

    async def forbidden(*_: Any) -> Any:
        raise ApiError("the namespace is being terminated")

    async with operator(cluster):
        selector = await dkim.wait_active()
        monkeypatch.setattr(cluster.kube, "create_secret", forbidden)
        dkim.delete()
        await cluster.wait(lambda: dkim.files["selectors"] == b"", "told to sign no more")
        cluster.kube.vanish(dkim.secret_key)
        dkim.pass_time(PROPAGATION)
        await cluster.wait(lambda: '"retiring"' in dkim.status["keyLife"], "retiring")
    async with operator(cluster):
        await stays_so(cluster)
        assert not dkim.is_revoked(selector)
        assert dkim.record(selector)
        dkim.pass_time(RETIREMENT)
        await cluster.wait_gone(dkim.key)
        assert dkim.record(selector) == ""


async def test_an_orphan_leaves_records_and_secret_as_they_are(cluster) -> None:
    dkim = WatchedKey(cluster, deletionPolicy="Orphan")
    async with operator(cluster):
        selector = await dkim.wait_active()
        record, secret = dkim.record(selector), cluster.secret(dkim.key)
        dkim.delete()
        await cluster.wait_gone(dkim.key)
        await asyncio.sleep(0)
        assert dkim.record(selector) == record
        assert cluster.secret(dkim.key) == secret


async def test_no_key_moves_on_while_the_clocks_are_apart(cluster) -> None:
    dkim = WatchedKey(cluster)
    async with operator(cluster):
        old = await dkim.wait_active()
        cluster.kube.clock_ahead = CLOCK_TOLERANCE + timedelta(seconds=1)
        dkim.annotate("rotate", "1")
        await cluster.wait(lambda: cluster.kube.condition(dkim.key, KEY_TROUBLE), "trouble told")
        trouble = cluster.kube.condition(dkim.key, KEY_TROUBLE)
        assert (trouble["status"], trouble["reason"]) == ("True", "ClockUncertain")
        assert cluster.kube.is_ready(dkim.key)
        assert await stays_so(cluster) == 0
        assert list(dkim.states) == [old]
        cluster.kube.clock_ahead = -CLOCK_TOLERANCE
        await dkim.wait_states("Retiring", "Active")
        await cluster.wait(lambda: not cluster.kube.condition(dkim.key, KEY_TROUBLE), "trouble over")


async def test_a_step_of_our_clock_alone_shortens_no_retirement(cluster) -> None:
    """All replicas go by the API server's clock, whatever their own say within the tolerance."""
    dkim = WatchedKey(cluster)
    async with operator(cluster):
        await dkim.wait_active()
        dkim.annotate("rotate", "1")
        await dkim.wait_states("Retiring", "Active")
        dkim.pass_time(PROPAGATION)
        await stays_so(cluster)
        ahead = timedelta(seconds=90)
        cluster.kube.clock_ahead = -ahead
        dkim.pass_time(RETIREMENT)
        await stays_so(cluster)
        assert sorted(dkim.states.values()) == ["Active", "Retiring"]
        dkim.pass_time(ahead)
        await dkim.wait_states("Revoked", "Active")


async def test_no_first_key_is_made_while_the_clocks_are_apart(cluster) -> None:
    cluster.kube.clock_ahead = timedelta(days=-1)
    dkim = WatchedKey(cluster)
    async with operator(cluster):
        message = await cluster.wait_reason(dkim.key, "ClockUncertain")
        assert "more than 2 minutes apart" in message
        cluster.kube.clock_ahead = timedelta(0)
        await dkim.wait_active()


async def test_a_retired_private_key_is_published_when_its_revocation_is_old_news(cluster) -> None:
    dkim = WatchedKey(cluster, revocation={"publishPrivateKey": True})
    async with operator(cluster):
        old = await dkim.wait_active()
        pem = dkim.files[f"{old}.pem"]
        dkim.annotate("rotate", "1")
        await dkim.wait_states("Retiring", "Active")
        dkim.pass_time(PROPAGATION)
        await cluster.wait(lambda: RETIRED in cluster.kube.objects, "kept")
        dkim.pass_time(RETIREMENT)
        await dkim.wait_states("Revoked", "Active")
        dkim.pass_time(TTL - timedelta(minutes=1))
        await stays_so(cluster)
        assert REVEALED not in cluster.kube.objects, "a cache may still answer the key"
        dkim.pass_time(timedelta(minutes=1))
        await cluster.wait(lambda: "KeyRevealed" in dkim.events, "published")
        assert cluster.kube.objects[REVEALED]["data"][f"{old}.pem"].encode() == pem
        assert cluster.kube.objects[RETIRED]["data"] == {}


def imported(cluster: FakeCluster, pem: bytes = OLD_KEY.pem) -> WatchedKey:
    """A DkimKey that imports `pem` at the selector mail2024."""
    secret = {"kind": "Secret", "metadata": {"name": IMPORT.name, "namespace": "mail"}, "data": {}}
    cluster.kube.objects[IMPORT] = {**secret, "metadata": {**secret["metadata"], "resourceVersion": "0"}}
    cluster.kube.edit_data(IMPORT, mail__private=pem)
    entry = {"selector": "mail2024", "secretName": IMPORT.name, "secretKey": "mail.private"}
    return WatchedKey(cluster, imports=[entry])


@pytest.mark.parametrize("standing", ["the same key", "nothing"])
async def test_an_imported_key_is_taken_over_at_its_selector(cluster, standing) -> None:
    dkim = imported(cluster)
    text = OLD_KEY.held.record.replace("v=DKIM1; ", "v=DKIM1;s=*;")
    if standing == "the same key":
        dkim.put_record("mail2024", text)
    async with operator(cluster):
        assert await dkim.wait_active() == "mail2024"
        assert dkim.record("mail2024") == (text if standing == "the same key" else OLD_KEY.held.record)
        dkim.annotate("rotate", "1")
        await dkim.wait_states("Retiring", "Active")


async def test_an_imported_key_waits_while_another_one_stands_at_its_selector(cluster) -> None:
    dkim = imported(cluster)
    foreign = generate_key("x", SigningKey(algorithm=KeyAlgorithm.ED25519)).held.record
    dkim.put_record("mail2024", foreign)
    async with operator(cluster):
        await dkim.wait_states("Prepared")
        await stays_so(cluster)
        assert dkim.record("mail2024") == foreign
        assert dkim.files["selectors"] == b""
        assert list(dkim.states) == ["mail2024"]
        assert not cluster.kube.is_ready(dkim.key)
        dkim.put_record("mail2024", OLD_KEY.held.record)
        await dkim.wait_states("Active")


async def test_an_import_that_cannot_be_read_is_told_and_tried_again(cluster, caplog) -> None:
    dkim = imported(cluster, b"secret-looking rubbish")
    async with operator(cluster):
        message = await cluster.wait_reason(dkim.key, "ImportFailed")
        assert "mail.private of Secret mail/old-keys cannot be used" in message
        assert "rubbish" not in message + caplog.text
        cluster.kube.edit_data(IMPORT, mail__private=OLD_KEY.pem)
        assert await dkim.wait_active() == "mail2024"


async def test_keys_that_cannot_be_made_hold_up_no_other_step(cluster) -> None:
    """The selector template gives the same selector again; what was found in DNS retires all the same."""
    dkim = WatchedKey(cluster, selectorTemplate="fixed")
    async with operator(cluster):
        assert await dkim.wait_active() == "fixed"
        dkim.annotate("rotate", "1")
        await cluster.wait(lambda: cluster.kube.condition(dkim.key, KEY_TROUBLE), "trouble told")
        assert cluster.kube.condition(dkim.key, KEY_TROUBLE)["reason"] == "SelectorsUsedUp"
        assert dkim.signing == "fixed"
        cluster.kube.vanish(dkim.secret_key)
        dkim.put_record("fixed", OLD_KEY.held.record)
        await cluster.wait(lambda: dkim.states == {"fixed": "Retiring"}, "stopped")
        dkim.change(selectorTemplate="ms{number}")
        await cluster.wait(lambda: dkim.states.get("ms2") == "Active", "new keys sign")


async def test_a_foreign_secret_in_the_way_is_told_and_used_once_it_is_gone(cluster) -> None:
    dkim = WatchedKey(cluster)
    foreign = {"name": "dkim", "namespace": "mail", "resourceVersion": "0"}
    cluster.kube.objects[dkim.secret_key] = {"kind": "Secret", "metadata": foreign, "data": {}}
    async with operator(cluster):
        message = await cluster.wait_reason(dkim.key, "SecretNotOurs")
        assert "Secret mail/dkim exists and was not made for this DkimKey" in message
        cluster.kube.vanish(dkim.secret_key)
        await dkim.wait_active()


async def test_a_rotation_survives_a_crash_after_every_write_and_a_failure_of_every_write(cluster) -> None:
    """Whatever is under way: the operator is cut off, and the next one's first write is refused."""
    dkim = WatchedKey(cluster)

    async def cut_off(holds: Callable[[], object]) -> None:
        async with operator(cluster):
            writes = cluster.kube.writes
            await cluster.wait(lambda: bool(holds()) or cluster.kube.writes > writes, "something written")

    async def until(what: str, holds: Callable[[], object]) -> None:
        for _ in range(100):
            await cut_off(holds)
            if holds():
                return
            cluster.kube.errors.append(ApiError("unreachable"))
        raise AssertionError(what)

    def told(*states: KeyState) -> bool:
        return list(dkim.states.values()) == list(states)

    await until("active", lambda: told(KeyState.ACTIVE))
    dkim.pass_time(PROPAGATION)
    await until("confirmed", lambda: dkim.life.sets[0].confirmed_at)
    old = dkim.life.sets[0].keys[0].selector
    dkim.annotate("rotate", "1")
    await until("switched", lambda: told(KeyState.RETIRING, KeyState.ACTIVE))
    dkim.pass_time(PROPAGATION)
    await until("retiring", lambda: dkim.life.sets[0].retiring_at)
    dkim.pass_time(RETIREMENT)
    await until("revoked", lambda: told(KeyState.REVOKED, KeyState.ACTIVE))
    dkim.pass_time(KEEPING)
    await until("gone", lambda: told(KeyState.ACTIVE))
    assert (dkim.faults, dkim.life.past, dkim.life.made) == ([], (old,), 2)
    dkim.delete()
    await until("stopped", lambda: dkim.files["selectors"] == b"")
    dkim.pass_time(PROPAGATION)
    await until("retiring", lambda: dkim.life.sets[0].retiring_at)
    dkim.pass_time(RETIREMENT)
    await until("all gone", lambda: dkim.key not in cluster.kube.objects)
    assert cluster.texts(f"_mailseal.{ZONE}") == set()


class Trouble:
    """Everything that may happen to a DkimKey but that somebody takes its selectors in DNS."""

    def __init__(self, cluster: FakeCluster, dkim: WatchedKey, seed: int) -> None:
        self.cluster, self.dkim = cluster, dkim
        self.random = random.Random(seed)

    def happen(self) -> None:
        """One thing happens."""
        kube, secret = self.cluster.kube, self.dkim.secret_key
        exists = secret in kube.objects
        pems = sorted(name for name in self.dkim.files if name.startswith("ms")) if exists else []
        happenings: list[Callable[[], None]] = [
            lambda: self.dkim.annotate("rotate", str(self.random.random())),
            lambda: kube.set_status(self.dkim.key, {}),
            lambda: kube.errors.extend([ApiError("unreachable")] * self.random.randint(1, 3)),
            lambda: self.cluster.backend.faults.errors.append(Unavailable("no answer")),
            lambda: self.cluster.backend.faults.after_apply.append(Unavailable("the answer was lost")),
            lambda: self.dkim.change(ttlSeconds=self.random.choice([300, 3600])),
        ]
        if exists:
            happenings += [
                lambda: kube.vanish(secret),
                lambda: kube.edit_data(secret, selectors=b"wrong", ed25519__pem=None),
                lambda: kube.set_labels(secret, {}),
            ]
        if pems:
            pem = self.random.choice(pems).replace(".", "__")
            happenings.append(lambda: kube.edit_data(secret, **{pem: b"rubbish"}))
        self.random.choice(happenings)()


async def come_to_rest(cluster: FakeCluster, dkim: WatchedKey) -> None:
    """Let time pass until nothing is left but one set that signs."""
    for _ in range(30):
        await dkim.settle()
        await stays_so(cluster)
        if list(dkim.states.values()) == ["Active"] and dkim.life.sets[-1].confirmed_at:
            return
        dkim.pass_time(RETIREMENT)
    raise AssertionError(f"no rest: {dkim.states}")


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_mail_can_be_verified_and_keys_sign_in_the_end(cluster, seed) -> None:
    dkim = WatchedKey(cluster)
    trouble = Trouble(cluster, dkim, seed)
    for _ in range(6):
        async with operator(cluster):
            for _ in range(4):
                trouble.happen()
                for _ in range(trouble.random.randint(0, 20)):
                    await asyncio.sleep(0.002)
                spans = (timedelta(0), PROPAGATION, RETIREMENT / 3)
                dkim.pass_time(trouble.random.choice(spans))
    cluster.kube.errors.clear()
    cluster.backend.faults.errors.clear()
    async with operator(cluster):
        await come_to_rest(cluster, dkim)
        assert dkim.record(dkim.signing) == read_key(dkim.signing, dkim.files[f"{dkim.signing}.pem"]).record
    assert dkim.faults == []
