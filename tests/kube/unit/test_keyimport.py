"""Existing keys that a DkimKey asks to take over."""

from __future__ import annotations

import traceback

import pytest

from mailseal.domain.dkimkey import DkimKeySpec, KeyAlgorithm, SigningKey
from mailseal.engine.dkimkeys import generate_key
from mailseal.engine.dkimsecret import SecretUnusable
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.api import ApiError
from mailseal.kube.keyimport import import_keys
from support.fakekube import FakeKube
from support.kube_objects import resource

OLD = ObjectKey("Secret", "mail", "old")
MADE = generate_key("mail2024", SigningKey(algorithm=KeyAlgorithm.ED25519))


@pytest.fixture
def kube() -> FakeKube:
    """One Secret with a key and with rubbish."""
    made = FakeKube()
    made.objects[OLD] = {"kind": "Secret", "metadata": {"name": "old", "namespace": "mail"}, "data": {}}
    made.edit_data(OLD, mail__private=MADE.pem, rubbish=b"hunter2hunter2")
    return made


def importing(*entries: tuple[str, str, str]) -> DkimKeySpec:
    """A spec that imports (selector, Secret, file)."""
    names = ("selector", "secretName", "secretKey")
    imports = [dict(zip(names, entry, strict=True)) for entry in entries]
    spec = resource("DkimKey", spec={"imports": imports}).spec
    assert isinstance(spec, DkimKeySpec)
    return spec


async def test_a_key_comes_with_its_selector_and_its_very_text(kube) -> None:
    (imported,) = await import_keys(kube.api, "mail", importing(("mail2024", "old", "mail.private")))
    assert (imported.held, imported.pem) == (MADE.held, MADE.pem)
    assert kube.writes == 0


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (("s", "none", "k"), "Secret mail/none does not exist: create it"),
        (("s", "old", "k"), "Secret mail/old has no k in its data"),
        (("s", "old", "rubbish"), "rubbish of Secret mail/old cannot be used, it is not an unencrypted"),
    ],
)
async def test_a_key_that_cannot_be_taken_over_is_told_and_not_shown(kube, entry, problem) -> None:
    good = ("mail2024", "old", "mail.private")
    with pytest.raises(SecretUnusable) as caught:
        await import_keys(kube.api, "mail", importing(good, entry))
    assert caught.value.reason == "ImportFailed"
    assert problem in str(caught.value)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


async def test_another_namespace_is_not_looked_into(kube) -> None:
    with pytest.raises(SecretUnusable, match="Secret theirs/old does not exist"):
        await import_keys(kube.api, "theirs", importing(("mail2024", "old", "mail.private")))


async def test_an_api_server_that_fails_is_no_fault_of_the_import(kube, monkeypatch) -> None:
    async def fail(*_: str) -> None:
        raise ApiError("unreachable")

    monkeypatch.setattr(kube, "get_secret", fail)
    with pytest.raises(ApiError, match="unreachable"):
        await import_keys(kube.api, "mail", importing(("mail2024", "old", "mail.private")))
