"""The Secret of a DkimKey: made once, only ever added to, and never shown."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.engine.dkimkeys import read_key
from mailseal.engine.dkimsecret import MANAGED_BY, OWNER_ANNOTATION, SecretUnusable, owner_of_secret
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.api import ApiError, Conflict
from mailseal.kube.dkim_secrets import DkimSecrets, SecretView
from mailseal.kube.objects import StoredObject
from support.fakekube import FakeKube
from support.kube_objects import resource

NOW = datetime(2026, 3, 15, tzinfo=UTC)
KEY = ObjectKey("DkimKey", "mail", "main")
SECRET = ObjectKey("Secret", "mail", "main")
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
    return DkimSecrets(kube.api, executor)


def dkim_key(*keys: dict[str, Any], **spec: Any) -> StoredObject:
    return resource("DkimKey", spec={"keys": list(keys) or [ED25519], **spec})


async def ensure(secrets: DkimSecrets, wanted: StoredObject) -> SecretView:
    assert isinstance(wanted.spec, DkimKeySpec)
    return await secrets.ensure(wanted, wanted.spec, NOW)


def data(kube: FakeKube, key: ObjectKey = SECRET) -> dict[str, bytes]:
    return {name: base64.b64decode(value) for name, value in kube.objects[key]["data"].items()}


def put(kube: FakeKube, **values: bytes | str) -> None:
    """Change a Secret as somebody else would."""
    encoded = {
        name.replace("_", "."): base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in values.items()
    }
    kube.objects[SECRET]["data"] = encoded
    kube.objects[SECRET]["metadata"]["resourceVersion"] = "1000"


async def test_a_missing_secret_is_made_with_the_keys_of_the_spec_in_their_order(kube, secrets) -> None:
    view = await ensure(secrets, dkim_key(ED25519, {"algorithm": "RSA"}))
    held = data(kube)
    selectors = held.pop("selectors").decode().split()
    assert [str(key.algorithm) for key in view.keys] == ["Ed25519", "RSA"]
    assert selectors == [key.selector for key in view.keys]
    assert [read_key(selector, held[f"{selector}.pem"]) for selector in selectors] == list(view.keys)


async def test_the_secret_goes_with_its_dkim_key_and_tells_whose_it_is(kube, secrets) -> None:
    wanted = dkim_key(secret={"name": "signing", "labels": {"app": "postfix"}})
    await ensure(secrets, wanted)
    meta = kube.objects[ObjectKey("Secret", "mail", "signing")]["metadata"]
    assert meta["labels"] == {"app": "postfix", MANAGED_BY: "mailseal"}
    assert [reference["uid"] for reference in meta["ownerReferences"]] == [wanted.uid]
    assert owner_of_secret(meta) == KEY


async def test_keys_are_made_once_by_however_many_operators(kube, secrets, executor) -> None:
    first = await ensure(secrets, dkim_key())
    writes = kube.writes
    assert await ensure(secrets, dkim_key()) == first
    assert await ensure(DkimSecrets(kube.api, executor), dkim_key()) == first
    assert kube.writes == writes


async def test_a_key_that_the_spec_asks_for_later_is_added_and_the_others_stay(kube, secrets) -> None:
    first = await ensure(secrets, dkim_key())
    before = data(kube)
    more = await ensure(secrets, dkim_key(ED25519, {"algorithm": "RSA"}))
    assert more.keys[0] == first.keys[0]
    after = data(kube)
    assert {name: after[name] for name in before if name.endswith(".pem")} == {
        name: value for name, value in before.items() if name.endswith(".pem")
    }
    assert after["selectors"].decode().split() == [key.selector for key in more.keys]


async def test_a_key_that_the_spec_no_longer_asks_for_is_kept(kube, secrets) -> None:
    await ensure(secrets, dkim_key(ED25519, {"algorithm": "RSA"}))
    writes = kube.writes
    assert len((await ensure(secrets, dkim_key(ED25519))).keys) == 2
    assert kube.writes == writes


async def test_a_secret_of_somebody_else_is_not_touched(kube, secrets) -> None:
    await ensure(secrets, dkim_key())
    kube.objects[SECRET]["metadata"]["annotations"] = {}
    before = data(kube)
    secrets.forget(KEY)
    with pytest.raises(SecretUnusable) as caught:
        await ensure(secrets, dkim_key())
    assert caught.value.reason == "SecretNotOurs"
    assert data(kube) == before


@pytest.mark.parametrize(
    "values",
    [{"s1_pem": b"rubbish-that-looks-secret"}, {"selectors": b"\xff\xfe"}, {"s1_pem": "%not base64%"}],
    ids=["no key", "no text", "no base64"],
)
async def test_a_damaged_secret_is_told_and_neither_mended_nor_quoted(kube, secrets, values) -> None:
    await ensure(secrets, dkim_key())
    put(kube, **values)
    secrets.forget(KEY)
    writes = kube.writes
    with pytest.raises(SecretUnusable) as caught:
        await ensure(secrets, dkim_key())
    assert caught.value.reason == "SecretInvalid"
    assert "rubbish" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert kube.writes == writes


async def test_losing_the_race_for_a_new_secret_is_an_error_to_retry_and_keeps_the_winners_keys(
    kube, secrets, executor
) -> None:
    """Two operators make the Secret at once, as a former leader may: one key pair wins."""
    slow = DkimSecrets(kube.api, executor)
    kube_get = kube.get_secret

    async def overtaken(namespace: str, name: str) -> dict[str, Any]:
        kube.get_secret = kube_get
        try:
            return await kube_get(namespace, name)
        finally:
            await ensure(secrets, dkim_key())

    kube.get_secret = overtaken
    with pytest.raises(Conflict):
        await ensure(slow, dkim_key())
    assert slow.view(KEY) is None
    assert (await ensure(slow, dkim_key())).keys == (await ensure(secrets, dkim_key())).keys


async def test_a_secret_that_changed_since_it_was_read_is_not_overwritten(kube, secrets) -> None:
    await ensure(secrets, dkim_key())
    kube.objects[SECRET]["metadata"]["resourceVersion"] = "1000"
    before = data(kube)
    with pytest.raises(Conflict):
        await ensure(secrets, dkim_key(ED25519, ED25519))
    assert data(kube) == before


async def test_keys_that_could_not_be_stored_are_never_known(kube, secrets) -> None:
    """A selector is published for a key in the Secret only."""
    kube.errors.append(ApiError("unreachable"))
    with pytest.raises(ApiError):
        await ensure(secrets, dkim_key())
    assert secrets.view(KEY) is None
    assert SECRET not in kube.objects


async def test_our_own_write_is_no_news_and_anybody_elses_is(kube, secrets) -> None:
    view = await ensure(secrets, dkim_key())
    assert not secrets.noticed(KEY, view.resource_version)
    assert secrets.view(KEY) == view
    assert secrets.noticed(KEY, "1000")
    assert secrets.view(KEY) is None
    assert not secrets.noticed(KEY, "1001")


async def test_a_deleted_secret_is_made_anew_with_new_selectors(kube, secrets) -> None:
    first = await ensure(secrets, dkim_key())
    del kube.objects[SECRET]
    assert secrets.noticed(KEY, None)
    again = await ensure(secrets, dkim_key())
    assert {key.selector for key in again.keys}.isdisjoint(key.selector for key in first.keys)


async def test_a_secret_is_complete_when_it_is_the_one_named_and_has_all_keys(secrets) -> None:
    wanted = dkim_key()
    assert isinstance(wanted.spec, DkimKeySpec)
    assert not secrets.is_complete(wanted, wanted.spec)
    await ensure(secrets, wanted)
    assert secrets.is_complete(wanted, wanted.spec)
    for other in (dkim_key(secret={"name": "other"}), dkim_key(ED25519, ED25519)):
        assert isinstance(other.spec, DkimKeySpec)
        assert not secrets.is_complete(other, other.spec)


@pytest.mark.parametrize("meta", [{}, {"annotations": None}, {"annotations": {}}, {"namespace": "mail"}])
def test_a_secret_without_our_annotation_is_nobodys(meta) -> None:
    assert owner_of_secret(meta) is None
    assert owner_of_secret({**meta, "annotations": {OWNER_ANNOTATION: "main"}, "namespace": "mail"}) == KEY
