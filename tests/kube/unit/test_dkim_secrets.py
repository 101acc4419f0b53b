"""The Secret of a DkimKey: read and written step by step, never overwritten unseen, and never shown."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.engine.dkimkeys import read_key
from mailseal.engine.dkimsecret import (
    LIFE_ANNOTATION,
    MANAGED_BY,
    OWNER_ANNOTATION,
    SecretUnusable,
    owner_of_secret,
)
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.api import ApiError, Conflict
from mailseal.kube.dkim_secrets import DkimSecrets, SecretView
from mailseal.kube.keyreveal import KeyReveal
from mailseal.kube.objects import StoredObject
from mailseal.planning.keylife.codec import from_text, to_text
from mailseal.planning.keylife.machine import with_new_set
from mailseal.planning.keylife.model import Cause, Facts, KeyLife, Making
from support.fakekube import FakeKube
from support.kube_objects import resource
from support.planning_world import NOW

KEY = ObjectKey("DkimKey", "mail", "main")
SECRET = ObjectKey("Secret", "mail", "main")
RETIRED = ObjectKey("Secret", "mail", "main-retired")
ED25519 = {"algorithm": "Ed25519"}


@pytest.fixture
def kube() -> FakeKube:
    return FakeKube()


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


@pytest.fixture
def secrets(kube, executor) -> DkimSecrets:
    return operator(kube, executor)


def operator(kube: FakeKube, executor: ThreadPoolExecutor) -> DkimSecrets:
    return DkimSecrets(kube.api, executor, KeyReveal(kube.api))


def dkim_key(*keys: dict[str, Any], status: Any = None, **spec: Any) -> StoredObject:
    return resource("DkimKey", spec={"keys": list(keys) or [ED25519], **spec}, status=status)


def spec_of(wanted: StoredObject) -> DkimKeySpec:
    assert isinstance(wanted.spec, DkimKeySpec)
    return wanted.spec


async def look(secrets: DkimSecrets, wanted: StoredObject) -> SecretView:
    return await secrets.look(wanted, spec_of(wanted), NOW)


async def make(secrets: DkimSecrets, wanted: StoredObject) -> SecretView:
    """Make and commit a set of keys."""
    view, spec = await look(secrets, wanted), spec_of(wanted)
    made = await secrets.make(spec, view.life, NOW)
    keys = [key.held.life_key for key in made]
    life = with_new_set(view.life, spec, keys, Making(Cause.FIRST), Facts(NOW))
    return await secrets.commit(wanted, spec, view, life, made)


async def move(secrets: DkimSecrets, wanted: StoredObject, **events: Any) -> SecretView:
    """Commit that these events happened to the last set."""
    view = await look(secrets, wanted)
    life = after(view.life, **events)
    return await secrets.commit(wanted, spec_of(wanted), view, life)


def after(life: KeyLife, **events: Any) -> KeyLife:
    return replace(life.with_set(replace(life.sets[-1], **events)), revision=life.revision + 1)


async def active(secrets: DkimSecrets, wanted: StoredObject) -> SecretView:
    """Make a set of keys that signs."""
    await make(secrets, wanted)
    return await move(secrets, wanted, published_at=NOW, switched_at=NOW)


def data(kube: FakeKube, key: ObjectKey = SECRET) -> dict[str, bytes]:
    return {name: base64.b64decode(value) for name, value in kube.objects[key]["data"].items()}


def committed(kube: FakeKube) -> KeyLife:
    return from_text(kube.objects[SECRET]["metadata"]["annotations"][LIFE_ANNOTATION])


def selector(view: SecretView) -> str:
    return view.life.sets[-1].keys[0].selector


def in_the_middle(
    kube: FakeKube, monkeypatch: pytest.MonkeyPatch, call: str, happens: Callable[[], None]
) -> None:
    """The next answer of the API server to `call` comes when `happens` has happened."""
    original: Callable[..., Awaitable[Any]] = getattr(kube, call)

    async def overtaken(*arguments: Any) -> Any:
        monkeypatch.setattr(kube, call, original)
        answer = await original(*arguments)
        happens()
        return answer

    monkeypatch.setattr(kube, call, overtaken)


async def test_without_a_secret_nothing_is_known_and_nothing_is_written(kube, secrets) -> None:
    view = await look(secrets, dkim_key())
    assert view == SecretView("main", "", KeyLife())
    assert not view.in_step
    assert kube.writes == 0


async def test_the_first_keys_are_made_in_the_order_of_the_spec_and_sign_nothing_yet(kube, secrets) -> None:
    view = await make(secrets, dkim_key(ED25519, {"algorithm": "RSA"}))
    held, (made,) = data(kube), view.life.sets
    assert [str(key.algorithm) for key in made.keys] == ["Ed25519", "RSA"]
    assert held.pop("selectors") == b""
    assert held.keys() == {f"{key.selector}.pem" for key in made.keys}
    assert all(read_key(key.selector, held[f"{key.selector}.pem"]).life_key == key for key in made.keys)
    assert (committed(kube), view.held, view.in_step) == (view.life, made.selectors, True)
    assert kube.writes == 1


async def test_the_secret_goes_with_its_dkim_key_and_tells_whose_it_is(kube, secrets) -> None:
    wanted = dkim_key(secret={"name": "signing", "labels": {"app": "postfix"}})
    await make(secrets, wanted)
    meta = kube.objects[ObjectKey("Secret", "mail", "signing")]["metadata"]
    assert meta["labels"] == {"app": "postfix", MANAGED_BY: "mailseal"}
    assert [reference["uid"] for reference in meta["ownerReferences"]] == [wanted.uid]
    assert owner_of_secret(meta) == KEY


async def test_the_switch_and_the_end_of_a_key_are_one_patch_each(kube, secrets) -> None:
    wanted = dkim_key()
    view = await active(secrets, wanted)
    assert data(kube)["selectors"].decode().split() == [selector(view)]
    assert data(kube)["ed25519.pem"] == data(kube)[f"{selector(view)}.pem"]
    writes = kube.writes
    view = await move(secrets, wanted, stopped_at=NOW)
    assert data(kube).keys() == {"selectors", f"{selector(view)}.pem"}
    view = await move(secrets, wanted, retiring_at=NOW)
    assert data(kube) == {"selectors": b""}
    assert (view.held, view.in_step) == (frozenset(), True)
    assert kube.writes == writes + 2


async def test_what_is_known_is_not_read_again(kube, secrets, monkeypatch) -> None:
    view = await make(secrets, dkim_key())
    monkeypatch.delattr(FakeKube, "get_secret")
    assert await look(secrets, dkim_key()) == view


async def test_another_operator_reads_what_was_written(kube, secrets, executor) -> None:
    view = await active(secrets, dkim_key())
    writes = kube.writes
    assert await look(operator(kube, executor), dkim_key()) == view
    assert kube.writes == writes


async def test_of_two_operators_that_make_the_first_keys_one_wins(kube, secrets, executor) -> None:
    """A former leader may not know yet that it is one."""
    slow = operator(kube, executor)
    await look(slow, dkim_key())
    winner = await make(secrets, dkim_key())
    with pytest.raises(Conflict):
        await make(slow, dkim_key())
    assert committed(kube) == winner.life
    assert await look(slow, dkim_key()) == winner


async def test_of_two_operators_that_take_a_step_one_wins(kube, secrets, executor) -> None:
    slow = operator(kube, executor)
    await make(secrets, dkim_key())
    await look(slow, dkim_key())
    winner = await move(secrets, dkim_key(), published_at=NOW)
    before = data(kube)
    with pytest.raises(Conflict):
        await move(slow, dkim_key(), removing_at=NOW)
    assert (committed(kube), data(kube)) == (winner.life, before)


async def test_a_secret_that_changes_between_reading_and_writing_is_not_overwritten(
    kube, secrets, monkeypatch
) -> None:
    view = await make(secrets, dkim_key())
    in_the_middle(kube, monkeypatch, "get_secret", lambda: kube.edit_data(SECRET, theirs=b"1"))
    with pytest.raises(Conflict):
        await move(secrets, dkim_key(), published_at=NOW)
    assert committed(kube) == view.life
    assert data(kube)["theirs"] == b"1"


async def test_keys_that_could_not_be_stored_are_never_known(kube, secrets) -> None:
    """A selector is published for a key in the Secret only."""
    kube.errors.append(ApiError("unreachable"))
    with pytest.raises(ApiError):
        await make(secrets, dkim_key())
    assert SECRET not in kube.objects
    assert secrets.view(KEY) == SecretView("main", "", KeyLife())
    assert (await look(secrets, dkim_key())).life == KeyLife()


@pytest.mark.parametrize("call", ["create_secret", "patch_secret"])
async def test_a_step_whose_answer_is_lost_is_found_when_the_secret_is_read_again(
    kube, secrets, monkeypatch, call
) -> None:
    def lose() -> None:
        raise ApiError("the connection was cut")

    if call == "patch_secret":
        await make(secrets, dkim_key())
    in_the_middle(kube, monkeypatch, call, lose)
    with pytest.raises(ApiError):
        await (make(secrets, dkim_key()) if call == "create_secret" else active(secrets, dkim_key()))
    assert not secrets.is_current(dkim_key())
    assert (await look(secrets, dkim_key())).life == committed(kube)


async def test_our_own_write_is_no_news_and_anybody_elses_is(kube, secrets) -> None:
    view = await make(secrets, dkim_key())
    assert not secrets.noticed(KEY, view.resource_version)
    assert secrets.is_current(dkim_key())
    assert secrets.noticed(KEY, "1000")
    assert not secrets.is_current(dkim_key())
    assert not secrets.noticed(KEY, "1001"), "somebody was told to look already"


async def test_what_was_committed_stays_known_until_the_secret_is_read_again(kube, secrets) -> None:
    """DNS is planned meanwhile: without the life of the keys it would be planned wrong."""
    view = await active(secrets, dkim_key())
    assert secrets.noticed(KEY, None)
    assert secrets.view(KEY) == view
    kube.errors.append(ApiError("unreachable"))
    with pytest.raises(ApiError):
        await move(secrets, dkim_key(), stopped_at=NOW)
    assert secrets.view(KEY) is not None
    assert secrets.view(KEY).life == view.life


@pytest.mark.parametrize("call", ["create_secret", "patch_secret"])
async def test_an_echo_that_comes_before_the_answer_is_no_news(kube, secrets, monkeypatch, call) -> None:
    def echo() -> None:
        assert not secrets.noticed(KEY, kube.objects[SECRET]["metadata"]["resourceVersion"])

    if call == "patch_secret":
        await make(secrets, dkim_key())
    in_the_middle(kube, monkeypatch, call, echo)
    await make(secrets, dkim_key())
    assert secrets.is_current(dkim_key())


@pytest.mark.parametrize("call", ["get_secret", "patch_secret"])
async def test_a_change_that_comes_before_the_answer_is_not_lost(kube, secrets, monkeypatch, call) -> None:
    """The watch tells of it while the operator still reads or writes what was there before."""
    view = await active(secrets, dkim_key())
    secrets.noticed(KEY, "1000")

    def edit() -> None:
        kube.edit_data(SECRET, **{f"{selector(view)}__pem": b"rubbish"})
        secrets.noticed(KEY, kube.objects[SECRET]["metadata"]["resourceVersion"])

    in_the_middle(kube, monkeypatch, call, edit)
    if call == "get_secret":
        assert (await look(secrets, dkim_key())).held
    else:
        await move(secrets, dkim_key(), confirmed_at=NOW)
    assert not secrets.is_current(dkim_key())
    assert (await look(secrets, dkim_key())).held == frozenset()
    assert secrets.is_current(dkim_key())


async def test_a_deleted_secret_leaves_the_life_that_the_status_remembers(kube, secrets, executor) -> None:
    view = await active(secrets, dkim_key())
    kube.delete(SECRET)
    remembering = dkim_key(status={"keyLife": to_text(view.life)})
    found = await look(operator(kube, executor), remembering)
    assert found == SecretView("main", "", view.life)


async def test_what_the_operator_knew_itself_outlives_secret_and_status(kube, secrets) -> None:
    """The status may be a step behind when the Secret is deleted, as in a namespace that goes."""
    view = await active(secrets, dkim_key())
    kube.delete(SECRET)
    assert secrets.noticed(KEY, None)
    before = KeyLife(revision=view.life.revision - 1)
    assert (await look(secrets, dkim_key(status={"keyLife": to_text(before)}))).life == view.life


async def test_another_resource_of_that_name_does_not_inherit_what_the_operator_knew(kube, secrets) -> None:
    await active(secrets, dkim_key())
    kube.delete(SECRET)
    anew = replace(dkim_key(), uid="another")
    assert not secrets.is_current(anew)
    assert await look(secrets, anew) == SecretView("main", "", KeyLife())


@pytest.mark.parametrize("later", ["the status", "the Secret"])
async def test_of_two_lives_the_later_one_counts(kube, secrets, executor, later) -> None:
    """A Secret is restored from a backup, or a status was never written."""
    view = await make(secrets, dkim_key())
    step = 1 if later == "the status" else -1
    other = replace(view.life, sets=(), past=("old",), revision=view.life.revision + step)
    status = {"keyLife": to_text(other)}
    found = await look(operator(kube, executor), dkim_key(status=status))
    assert found.life == (other if later == "the status" else view.life)
    assert found.in_step == (later == "the Secret")


@pytest.mark.parametrize("text", ["", "{}", "rubbish"])
async def test_without_a_readable_life_the_named_keys_are_those_that_sign(
    kube, secrets, executor, text
) -> None:
    view = await active(secrets, dkim_key())
    kube.objects[SECRET]["metadata"]["annotations"][LIFE_ANNOTATION] = text
    found = await look(operator(kube, executor), dkim_key(status={"keyLife": text}))
    assert found.life.active is not None
    assert found.life.active.keys == view.life.sets[-1].keys
    assert (found.life.active.cause, found.held) == (Cause.FOUND, view.held)
    assert not found.in_step


@pytest.mark.parametrize(
    "pem", [b"rubbish that looks secret", b"\xff\xfe", None], ids=["text", "bytes", "no file"]
)
async def test_a_private_key_that_was_edited_is_not_held_and_not_quoted(
    kube, secrets, executor, caplog, pem
) -> None:
    view = await active(secrets, dkim_key())
    kube.edit_data(SECRET, **{f"{selector(view)}__pem": pem})
    found = await look(operator(kube, executor), dkim_key())
    assert (found.life, found.held, found.in_step) == (view.life, frozenset(), False)
    assert "rubbish" not in caplog.text + repr(found)


async def test_the_private_key_of_another_selector_is_not_held(kube, secrets, executor) -> None:
    view = await active(secrets, dkim_key(ED25519, ED25519))
    one, other = (key.selector for key in view.life.sets[-1].keys)
    kube.edit_data(SECRET, **{f"{one}__pem": data(kube)[f"{other}.pem"]})
    assert (await look(operator(kube, executor), dkim_key(ED25519, ED25519))).held == {other}


@pytest.mark.parametrize(
    "damage",
    [
        {"selectors": b"other"},
        {"selectors": None},
        {"ed25519__pem": b"other"},
        {"ed25519__selector": None},
        {"KeyTable": b"of a layout that is not asked for"},
    ],
    ids="".join,
)
async def test_files_that_were_edited_are_put_right_and_those_of_others_stay(kube, secrets, damage) -> None:
    view = await active(secrets, dkim_key())
    before = data(kube)
    kube.edit_data(SECRET, theirs__txt=b"1", **damage)
    assert secrets.noticed(KEY, kube.objects[SECRET]["metadata"]["resourceVersion"])
    found = await look(secrets, dkim_key())
    assert (found.life, found.held, found.in_step) == (view.life, view.held, False)
    await secrets.commit(dkim_key(), spec_of(dkim_key()), found, found.life)
    assert data(kube) == {**before, "theirs.txt": b"1"}


async def test_private_keys_that_a_restored_secret_brings_back_leave_it_again(kube, secrets) -> None:
    wanted = dkim_key()
    view = await active(secrets, wanted)
    old = data(kube)
    await move(secrets, wanted, stopped_at=NOW, retiring_at=NOW)
    kube.edit_data(SECRET, **{name.replace(".", "__"): file for name, file in old.items()})
    secrets.noticed(KEY, kube.objects[SECRET]["metadata"]["resourceVersion"])
    found = await look(secrets, wanted)
    assert not found.in_step
    await secrets.commit(wanted, spec_of(wanted), found, found.life)
    assert data(kube) == {"selectors": b""}
    assert f"{selector(view)}.pem" in old


@pytest.mark.parametrize("damage", ["owner references", "labels"])
async def test_what_tells_whose_the_secret_is_comes_back(kube, secrets, damage) -> None:
    """Without its label no watch would tell of further changes; a restored one has the owner of old."""
    wanted = dkim_key(secret={"labels": {"app": "postfix"}})
    view = await make(secrets, wanted)
    meta = kube.objects[SECRET]["metadata"]
    before = {name: meta[name] for name in ("labels", "ownerReferences")}
    if damage == "labels":
        kube.set_labels(SECRET, {"app": "postfix"})
    else:
        meta["ownerReferences"] = [{**meta["ownerReferences"][0], "uid": "of old"}]
    secrets.noticed(KEY, "1000")
    found = await look(secrets, wanted)
    assert not found.in_step
    await secrets.commit(wanted, spec_of(wanted), found, view.life)
    assert {name: kube.objects[SECRET]["metadata"][name] for name in before} == before


@pytest.mark.parametrize(
    "change",
    [
        {"layouts": ["OpenDKIM"]},
        {"keyFormat": "Traditional", "layouts": ["Stable"]},
        {"labels": {"app": "exim"}},
    ],
    ids="".join,
)
async def test_a_secret_that_the_spec_wants_otherwise_now_is_out_of_step(kube, secrets, change) -> None:
    await active(secrets, dkim_key({"algorithm": "RSA"}))
    wanted = dkim_key({"algorithm": "RSA"}, secret=change)
    assert not secrets.is_current(wanted)
    found = await look(secrets, wanted)
    assert not found.in_step
    await secrets.commit(wanted, spec_of(wanted), found, found.life)
    assert (await look(secrets, wanted)).in_step
    assert ("KeyTable" in data(kube)) == (change.get("layouts") == ["OpenDKIM"])
    assert ("rsa.pem" in data(kube)) == (change.get("layouts") != ["OpenDKIM"])


async def test_a_secret_of_somebody_else_is_neither_used_nor_touched(kube, secrets) -> None:
    await make(secrets, dkim_key())
    kube.objects[SECRET]["metadata"]["annotations"] = {}
    before = data(kube)
    secrets.noticed(KEY, "1000")
    for attempt in (look, active):
        with pytest.raises(SecretUnusable) as caught:
            await attempt(secrets, dkim_key())
        assert caught.value.reason == "SecretNotOurs"
        assert secrets.view(KEY) is None
    assert data(kube) == before
    assert secrets.noticed(KEY, None), "it is gone: look again"
    kube.vanish(SECRET)
    assert (await look(secrets, dkim_key())).life == KeyLife()


async def test_a_secret_that_somebody_else_takes_just_before_a_step_is_not_written(kube, secrets) -> None:
    view = await make(secrets, dkim_key())
    kube.objects[SECRET]["metadata"]["annotations"] = {OWNER_ANNOTATION: "other"}
    with pytest.raises(SecretUnusable):
        await secrets.commit(dkim_key(), spec_of(dkim_key()), view, after(view.life, published_at=NOW))
    assert secrets.view(KEY) is None
    assert kube.writes == 1


async def test_a_dkim_key_that_goes_does_not_mind_the_secret_of_somebody_else(kube, secrets) -> None:
    view = await active(secrets, dkim_key())
    kube.objects[SECRET]["metadata"]["annotations"] = {}
    secrets.forget(KEY)
    going = replace(dkim_key(status={"keyLife": to_text(view.life)}), deleting=True)
    found = await look(secrets, going)
    assert (found.resource_version, found.life, found.held) == ("", view.life, frozenset())


async def test_a_life_without_a_secret_is_known_once_it_was_committed_elsewhere(kube, secrets) -> None:
    going = replace(dkim_key(), deleting=True)
    life = KeyLife(past=("old",), revision=7)
    secrets.keep_without_secret(going, spec_of(going), life)
    assert await look(secrets, going) == SecretView("main", "", life, in_step=True)
    assert not secrets.noticed(KEY, None)
    assert kube.writes == 0


KEPT = {"revocation": {"publishPrivateKey": True}}


async def test_a_private_key_that_is_to_be_published_is_kept_before_it_leaves(kube, secrets) -> None:
    wanted = dkim_key(**KEPT)
    view = await active(secrets, wanted)
    pem = data(kube)[f"{selector(view)}.pem"]
    await move(secrets, wanted, stopped_at=NOW)
    assert RETIRED not in kube.objects
    kube.errors.append(ApiError("unreachable"))
    with pytest.raises(ApiError):
        await move(secrets, wanted, retiring_at=NOW)
    assert data(kube)[f"{selector(view)}.pem"] == pem, "it has no other place yet"
    await move(secrets, wanted, retiring_at=NOW)
    assert data(kube, RETIRED) == {f"{selector(view)}.pem": pem}
    assert data(kube) == {"selectors": b""}


async def test_a_private_key_that_somebody_put_in_the_place_of_ours_is_not_kept(kube, secrets) -> None:
    """It would be published, and it may be in use elsewhere."""
    wanted = dkim_key(**KEPT)
    view = await active(secrets, wanted)
    (foreign,) = await secrets.make(spec_of(wanted), view.life, NOW)
    kube.edit_data(SECRET, **{f"{selector(view)}__pem": foreign.pem})
    secrets.noticed(KEY, "1000")
    await move(secrets, wanted, stopped_at=NOW, retiring_at=NOW)
    assert RETIRED not in kube.objects


@pytest.mark.parametrize("why", ["not asked for", "deleting"])
async def test_otherwise_a_retired_private_key_is_kept_nowhere(kube, secrets, why) -> None:
    wanted = dkim_key() if why == "not asked for" else dkim_key(**KEPT)
    await active(secrets, wanted)
    await move(secrets, replace(wanted, deleting=why == "deleting"), stopped_at=NOW, retiring_at=NOW)
    assert kube.objects.keys() == {SECRET}


async def test_a_secret_in_the_way_of_the_retired_keys_keeps_the_private_key_where_it_is(
    kube, secrets
) -> None:
    wanted = dkim_key(**KEPT)
    await active(secrets, wanted)
    before = data(kube)
    await kube.create_secret("mail", {"kind": "Secret", "metadata": {"name": RETIRED.name}, "data": {}})
    with pytest.raises(SecretUnusable) as caught:
        await move(secrets, wanted, stopped_at=NOW, retiring_at=NOW)
    assert caught.value.reason == "SecretNotOurs"
    assert data(kube) == before
    assert secrets.view(KEY) is not None, "the Secret that signs is ours"


async def test_nothing_that_is_printed_shows_a_private_key(kube, secrets) -> None:
    view = await active(secrets, dkim_key())
    line = data(kube)[f"{selector(view)}.pem"].decode().splitlines()[1]
    assert line not in repr(view) + repr(secrets._known)
    assert "PRIVATE" not in repr(secrets._known)


async def test_what_is_gone_is_forgotten(kube, secrets) -> None:
    await make(secrets, dkim_key())
    secrets.forget(KEY)
    assert secrets.view(KEY) is None
    assert not secrets.noticed(KEY, "1000")


async def test_selectors_have_the_date_of_their_making(secrets) -> None:
    wanted = dkim_key(selectorTemplate="k{date}-{random}")
    (made,) = await secrets.make(spec_of(wanted), KeyLife(), NOW + timedelta(days=1))
    assert made.held.selector.startswith("k20260316-")


@pytest.mark.parametrize("meta", [{}, {"annotations": None}, {"annotations": {}}, {"namespace": "mail"}])
def test_a_secret_without_our_annotation_is_nobodys(meta) -> None:
    assert owner_of_secret(meta) is None
    assert owner_of_secret({**meta, "annotations": {OWNER_ANNOTATION: "main"}, "namespace": "mail"}) == KEY
