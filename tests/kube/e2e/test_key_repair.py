"""Whatever is lost, edited or restored of DKIM keys: it ends in a state in which all mail can be verified."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mailseal.engine.dkimsecret import LIFE_ANNOTATION
from mailseal.planning.keylife.codec import to_text
from mailseal.planning.keylife.model import times_of
from support.keysteps import life_of, set_of, signing, wait_confirmed, wait_settled, wait_state, wait_switched
from support.keywatch import KeyWatch, private_keys, seen_secret
from support.signatures import new_key, public_value, record_of, tags_of
from support.world import World
from support.worldmanifests import Object

PATIENT: dict[str, Any] = {
    "rotation": {"propagationTime": "1s", "retireAfter": "3s"},
    "revocation": {"keepFor": "2s"},
}
RETIREMENT = timedelta(seconds=3)


def published(world: World, selector: str) -> list[str]:
    return world.zone.txt(f"{selector}._domainkey")


def settled(world: World, **fields: Any) -> str:
    """A DkimKey of one key that signs; its selector."""
    world.apply(world.dkim_key(**(PATIENT | fields)))
    (selector,) = wait_settled(world)
    wait_state(world, selector, "Active")
    world.secret("dkim")
    return selector


def rotated(world: World, old: str) -> str:
    """Another key in its place, the old one gone; its selector."""
    world.annotate("DkimKey", "dkim", rotate="nu")
    (new,) = wait_settled(world, other_than=[old])
    world.secret("dkim")
    return new


def check_retired_after(seen: KeyWatch, old: str, new: str) -> None:
    """The old key stayed published until the new one was known to sign, and for the retirement after that."""
    gone, there = times_of(seen.last_of(old)), times_of(seen.last_of(new))
    assert gone["retiring_at"] >= there["confirmed_at"]
    assert gone["revoking_at"] - gone["retiring_at"] >= RETIREMENT
    assert seen.answers(old) == ["key", "revoked", "nothing"]


# The Secret.


def _delete_secret(world: World, selector: str) -> None:
    world.delete("Secret", "dkim")


def _delete_pem(world: World, selector: str) -> None:
    world.set_secret("dkim", f"{selector}.pem", None)


def _put_nonsense(world: World, selector: str) -> None:
    world.set_secret("dkim", f"{selector}.pem", "geen sleutel")


def _put_another_key(world: World, selector: str) -> None:
    world.set_secret("dkim", f"{selector}.pem", new_key())


@pytest.mark.parametrize("lose", [_delete_secret, _delete_pem, _put_nonsense, _put_another_key])
def test_lost_private_keys_are_replaced_at_once_and_the_old_record_retires_afterwards(
    world: World, lose: Callable[[World, str], None]
) -> None:
    old = settled(world)
    with KeyWatch(world) as seen:
        lose(world, old)
        (new,) = wait_settled(world, other_than=[old])
        wait_state(world, old, "gone")
    check_retired_after(seen, old, new)
    assert str(seen.last_of(new).cause) == "KeyLost"
    assert private_keys(world.secret("dkim")).keys() == {new}
    world.wait_ready("DkimKey", "dkim")


def test_other_files_of_the_secret_and_its_marks_are_put_right_and_files_of_others_stay(world: World) -> None:
    selector = settled(world)
    before = world.secret("dkim")
    marks = _marks(world)
    edits: list[Object] = [
        {"data": {"selectors": "b2xk"}},
        {"data": {"selectors": None, "ed25519.pem": None}},
        {"metadata": {"ownerReferences": None}},
        {"metadata": {"annotations": {LIFE_ANNOTATION: None}}},
        {"metadata": {"annotations": {LIFE_ANNOTATION: "{}"}}},
    ]
    for edit in edits:
        world.patch("Secret", "dkim", {**edit, "data": {**edit.get("data", {}), "eigen.txt": "aGFsbG8="}})
        world.wait(
            lambda: world.secret("dkim") == {**before, "eigen.txt": "hallo"} and _marks(world) == marks,
            f"put right after {edit}",
        )
    assert signing(world) == [selector]
    assert life_of(world).made == 1


def _marks(world: World) -> Object:
    """What the Secret says of itself; the revision of its life grows with every repair."""
    meta = (world.get("Secret", "dkim") or {})["metadata"]
    annotations = {**meta.get("annotations", {}), LIFE_ANNOTATION: life_of(world).sets}
    return {"annotations": annotations, "owners": meta.get("ownerReferences")}


# The record.


def test_a_deleted_record_is_written_again_with_the_same_key(world: World) -> None:
    selector = settled(world)
    record = published(world, selector)
    world.zone.delete(f"{selector}._domainkey")
    world.wait(lambda: published(world, selector) == record, "the record again")
    world.wait_for_syncs(2, "settled")
    assert signing(world) == [selector]
    assert life_of(world).made == 1


def test_a_record_that_was_replaced_by_another_key_is_left_alone_and_our_key_stops_signing(
    world: World,
) -> None:
    old = settled(world)
    foreign = record_of(new_key())
    with KeyWatch(world) as seen:
        seen.planted.add(tags_of(foreign)["p"])
        world.zone.replace(f"{old}._domainkey", foreign)
        world.wait(lambda: old not in signing(world), "the old key signs no more")
        (new,) = wait_settled(world, other_than=[old])
        world.wait_ready("DkimKey", "dkim")
    stopped, there = times_of(seen.last_of(old))["stopped_at"], times_of(seen.last_of(new))["switched_at"]
    assert stopped <= there
    assert published(world, old) == [foreign]
    assert tags_of(published(world, new)[0])["p"] == public_value(world.secret("dkim")[f"{new}.pem"])
    world.zone.delete(f"{old}._domainkey")


def test_a_record_that_was_changed_and_publishes_the_same_key_is_adopted_and_revoked_in_its_time(
    world: World,
) -> None:
    selector = settled(world)
    (record,) = published(world, selector)
    edited = record.replace("v=DKIM1; ", "v=DKIM1; h=sha256; n=van ons; ")
    world.zone.replace(f"{selector}._domainkey", edited)
    world.wait_for_syncs(2, "settled")
    world.wait_ready("DkimKey", "dkim")
    assert published(world, selector) == [edited]
    assert signing(world) == [selector]
    rotated(world, selector)
    assert published(world, selector) == []


# The status, and what a backup does not have.


def test_a_lost_status_is_written_again_from_the_secret(world: World) -> None:
    selector = settled(world)
    world.wait_for("DkimKey", "dkim", lambda found: _is_told(world, found), "told of in full")
    before = world.status("DkimKey", "dkim")
    world.lose_status("DkimKey", "dkim")
    world.wait_ready("DkimKey", "dkim")
    after = world.status("DkimKey", "dkim")
    assert (after["keys"], after["keyLife"]) == (before["keys"], before["keyLife"])
    assert signing(world) == [selector]


def _is_told(world: World, found: Object) -> bool:
    """The status tells of the life as the Secret has it."""
    return bool(found["status"].get("keyLife") == to_text(life_of(world)))


def test_with_status_and_annotation_lost_the_keys_that_the_secret_names_go_on_signing(world: World) -> None:
    selector = settled(world)
    _forget_resource(world)
    world.patch("Secret", "dkim", {"metadata": {"annotations": {LIFE_ANNOTATION: None}}})
    world.apply(world.dkim_key(**PATIENT))
    assert wait_settled(world) == [selector]
    found = set_of(world, selector)
    assert found is not None
    assert str(found.cause) == "KeyFound"
    assert life_of(world).made == 1


def test_with_secret_and_status_lost_the_old_records_are_found_and_retire_after_the_switch(
    world: World,
) -> None:
    old = settled(world)
    _forget_resource(world)
    world.delete("Secret", "dkim")
    with KeyWatch(world) as seen:
        world.apply(world.dkim_key(**PATIENT))
        (new,) = wait_settled(world, other_than=[old])
        wait_state(world, old, "gone")
    assert str(seen.last_of(old).cause) == "KeyFound"
    gone, there = times_of(seen.last_of(old)), times_of(seen.last_of(new))
    assert gone["retiring_at"] >= there["confirmed_at"]
    assert gone["revoking_at"] - gone["retiring_at"] >= RETIREMENT
    assert published(world, old) == []
    world.wait_ready("DkimKey", "dkim")


def test_a_resource_that_is_restored_with_its_secret_goes_on_where_it_was(world: World) -> None:
    selector = settled(world)
    _forget_resource(world)
    world.apply(world.dkim_key(**PATIENT))
    wait_state(world, selector, "Active")
    assert signing(world) == [selector]
    assert life_of(world).made == 1
    world.wait_ready("DkimKey", "dkim")
    body, owner = world.get("Secret", "dkim"), world.get("DkimKey", "dkim")
    assert body is not None
    assert owner is not None
    (reference,) = body["metadata"]["ownerReferences"]
    assert reference["uid"] == owner["metadata"]["uid"]


def test_an_old_backup_of_the_secret_does_not_bring_back_old_keys(world: World) -> None:
    oldest = settled(world)
    backup = _backup(world)
    old = rotated(world, oldest)
    wait_state(world, old, "Active")
    with KeyWatch(world) as seen:
        world.patch("Secret", "dkim", _restoration(world, backup))
        (new,) = wait_settled(world, other_than=[oldest, old])
        wait_state(world, old, "gone")
    check_retired_after(seen, old, new)
    assert seen.signing()[-2:] == [[], [new]]
    assert published(world, oldest) == []


def test_an_old_backup_without_status_signs_with_nothing_that_is_revoked(world: World) -> None:
    oldest = settled(world, revocation={"keepFor": "1h"})
    backup = _backup(world)
    world.annotate("DkimKey", "dkim", rotate="nu")
    wait_state(world, oldest, "Revoked")
    (old,) = wait_confirmed(world, other_than=[oldest])
    (revoked,) = published(world, oldest)
    assert tags_of(revoked)["p"] == ""
    world.secret("dkim")
    _forget_resource(world)
    world.patch("Secret", "dkim", _restoration(world, backup))
    world.apply(world.dkim_key(**(PATIENT | {"revocation": {"keepFor": "2s"}})))
    (new,) = wait_settled(world, other_than=[oldest, old])
    world.wait_ready("DkimKey", "dkim")
    assert published(world, oldest) == []
    assert published(world, old) == []
    assert published(world, new) != []


def _forget_resource(world: World) -> None:
    """Take the DkimKey away as the loss of a cluster does: without a deletion that anybody sees through."""
    world.patch("DkimKey", "dkim", {"metadata": {"finalizers": None}})
    world.delete("DkimKey", "dkim")
    world.wait(lambda: _is_let_go(world), "the DkimKey gone")


def _is_let_go(world: World) -> bool:
    if world.get("DkimKey", "dkim") is None:
        return True
    world.patch("DkimKey", "dkim", {"metadata": {"finalizers": None}})
    return False


def _backup(world: World) -> Object:
    body = world.get("Secret", "dkim")
    assert body is not None
    assert seen_secret(body) is not None
    return body


def _restoration(world: World, backup: Object) -> Object:
    """The change that makes the Secret what it was."""
    now = world.get("Secret", "dkim") or {}
    data = {**dict.fromkeys(now["data"]), **backup["data"]}
    return {"metadata": {"annotations": backup["metadata"]["annotations"]}, "data": data}


# The outside.


def test_no_wait_is_shortened_and_no_step_is_taken_while_the_name_server_is_out_of_reach(
    world: World,
) -> None:
    old = settled(world)
    world.annotate("DkimKey", "dkim", rotate="nu")
    wait_state(world, old, "Retiring")
    world.server.stop()
    try:
        world.wait(lambda: _is_overdue(world, old), "the retirement over by the clock")
        found = set_of(world, old)
        assert found is not None
        assert found.revoking_at is None
    finally:
        world.server.start()
    wait_settled(world, other_than=[old])
    world.wait_ready("DkimKey", "dkim")


def _is_overdue(world: World, old: str) -> bool:
    found = set_of(world, old)
    assert found is not None
    began = found.retiring_at or found.stopped_at
    assert began is not None
    return world.now() > began + 2 * RETIREMENT


# Deletion.


def test_a_deleted_dkim_key_retires_first_and_is_revoked_and_removed(world: World) -> None:
    selector = settled(world)
    with KeyWatch(world) as seen:
        world.delete("DkimKey", "dkim")
        world.wait_gone("DkimKey", "dkim")
    assert seen.answers(selector) == ["key", "revoked", "nothing"]
    assert seen.signing() == [[selector], []]
    at = times_of(seen.last_of(selector))
    assert at["retiring_at"] - at["stopped_at"] >= timedelta(seconds=1)
    assert at["revoking_at"] - at["retiring_at"] >= RETIREMENT
    assert private_keys(world.secret("dkim")) == {}
    assert not any("_domainkey" in name for name, _ in world.zone.content())


def test_a_deletion_goes_on_without_the_secret(world: World) -> None:
    selector = settled(world)
    world.delete("DkimKey", "dkim")
    world.wait(lambda: not signing(world), "nothing to sign with")
    world.delete("Secret", "dkim")
    world.wait_gone("DkimKey", "dkim")
    assert published(world, selector) == []
    assert world.get("Secret", "dkim") is None


def test_without_retirement_kubectl_delete_of_everything_is_over_at_once(world: World) -> None:
    world.apply(world.dkim_key(rotation={"retireAfter": "0s", "propagationTime": "1h"}))
    world.apply(world.mail_domain())
    (selector,) = wait_switched(world)
    world.wait_ready("MailDomain", "mail")
    world.kubectl("delete", "mailseal", "--all", "--timeout=30s")
    assert published(world, selector) == []
    assert world.get("DnsProvider", "zone") is None


def test_a_key_that_never_signed_goes_with_its_dkim_key_at_once(world: World) -> None:
    rotation = {"retireAfter": "7d", "propagationTime": "1h"}
    world.apply(world.dkim_key(rotation=rotation))
    world.wait(lambda: bool(life_of(world).sets), "a key")
    world.delete("DkimKey", "dkim")
    if times_of(life_of(world).sets[0]).get("switched_at"):
        pytest.fail("the test was too slow: the key signs already")
    world.wait_gone("DkimKey", "dkim", 20)
    assert not any("_domainkey" in name for name, _ in world.zone.content())


def test_with_deletion_policy_orphan_everything_in_dns_stays(world: World) -> None:
    selector = settled(world, deletionPolicy="Orphan", rotation={"retireAfter": "7d"})
    record = published(world, selector)
    world.delete("DkimKey", "dkim")
    world.wait_gone("DkimKey", "dkim", 20)
    assert published(world, selector) == record
    assert private_keys(world.secret("dkim")).keys() == {selector}
