"""Which retired private keys may be published, and in what form."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mailseal.domain.dkimkey import DkimKeySpec, KeyAlgorithm
from mailseal.domain.rotation import RevocationMethod
from mailseal.engine.dkimsecret import owner_of_secret
from mailseal.engine.objectkey import ObjectKey
from mailseal.engine.reveal import (
    is_made_for,
    may_be_kept,
    retired_change,
    retired_secret,
    retired_secret_name,
    revealable_selectors,
    revealed_change,
    revealed_config_map,
    revealed_name,
)
from mailseal.planning.keylife.machine import advance
from mailseal.planning.keylife.model import Cause, Facts, KeyLife, KeySet, KeyState, LifeKey, Sighting

KEY = ObjectKey("DkimKey", "mail", "main")
OWNER = {"kind": "DkimKey", "name": "main", "uid": "uid-main"}
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TTL = timedelta(hours=1)
PEM = b"-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n"
STEPS = (
    "published_at",
    "switched_at",
    "confirmed_at",
    "stopped_at",
    "retiring_at",
    "revoking_at",
    "revoked_at",
    "removing_at",
)
MOMENTS = st.timedeltas(timedelta(days=-2500), timedelta(days=2500)).map(NOW.__add__)


def spec_with(method: RevocationMethod = RevocationMethod.EMPTY_KEY, *, publish: bool = True) -> DkimKeySpec:
    return DkimKeySpec.model_validate(
        {
            "domain": "example.nl",
            "providerRef": {"name": "dns"},
            "ttlSeconds": int(TTL.total_seconds()),
            "revocation": {"method": method.value, "publishPrivateKey": publish},
        }
    )


def key_set(number: int, cause: Cause = Cause.SCHEDULED, **times: datetime) -> KeySet:
    key = LifeKey(f"s{number}", KeyAlgorithm.RSA, 2048, "v=DKIM1; k=rsa; p=AAAA")
    times = {"prepared_at": NOW - timedelta(days=400)} | times
    return KeySet(number, cause, (key,), "RSA-2048", **times)


def revoked(moment: datetime, cause: Cause = Cause.SCHEDULED) -> KeyLife:
    """A life with one set that was revoked at a time."""
    before = moment - timedelta(days=7)
    times = dict.fromkeys(STEPS[:6], before) | {"revoked_at": moment}
    return KeyLife((key_set(1, cause, **times),), revision=9)


@st.composite
def lives(draw: st.DrawFn) -> KeyLife:
    """Sets with any steps taken at any times: also those that no clock that goes forward gives."""
    count = draw(st.integers(0, 4))
    sets = (
        key_set(
            number,
            draw(st.sampled_from(Cause)),
            **draw(st.fixed_dictionaries({}, optional=dict.fromkeys(STEPS, MOMENTS))),
        )
        for number in range(1, count + 1)
    )
    return KeyLife(tuple(sets))


methods = pytest.mark.parametrize("method", RevocationMethod)


@given(life=lives(), method=st.sampled_from(RevocationMethod), now=MOMENTS)
def test_no_key_is_shown_before_it_is_revoked_whatever_the_clock(
    life: KeyLife, method: RevocationMethod, now: datetime
) -> None:
    shown = revealable_selectors(life, spec_with(method), now)
    for found in life.sets:
        if found.selectors & shown:
            assert found.state is KeyState.REVOKED
            assert found.revoked_at is not None
            assert found.revoked_at + TTL <= now


@given(life=lives(), now=MOMENTS, later=st.timedeltas(timedelta(0), timedelta(days=9000)))
def test_what_may_be_shown_may_be_shown_later_too(life: KeyLife, now: datetime, later: timedelta) -> None:
    spec = spec_with()
    assert revealable_selectors(life, spec, now) <= revealable_selectors(life, spec, now + later)


@given(life=lives(), now=MOMENTS)
def test_nothing_is_shown_unless_the_spec_asks_for_it(life: KeyLife, now: datetime) -> None:
    assert revealable_selectors(life, spec_with(publish=False), now) == frozenset()


@methods
def test_a_key_is_shown_when_no_cache_can_answer_it(method: RevocationMethod) -> None:
    spec, life = spec_with(method), revoked(NOW)
    assert revealable_selectors(life, spec, NOW + TTL - timedelta(seconds=1)) == frozenset()
    assert revealable_selectors(life, spec, NOW + TTL) == {"s1"}


def test_an_imported_key_is_never_shown() -> None:
    """The user may sign for other domains with it."""
    spec, life = spec_with(), revoked(NOW, Cause.IMPORTED)
    assert revealable_selectors(life, spec, NOW + timedelta(days=999)) == frozenset()
    assert not may_be_kept(life.sets[0], spec)


def test_keys_are_kept_only_for_a_spec_that_will_show_them() -> None:
    (found,) = revoked(NOW).sets
    assert may_be_kept(found, spec_with())
    assert not may_be_kept(found, spec_with(publish=False))


@given(waited=st.timedeltas(timedelta(0), timedelta(days=60)), method=st.sampled_from(RevocationMethod))
def test_a_set_may_be_shown_before_it_is_forgotten(waited: timedelta, method: RevocationMethod) -> None:
    """Whatever the machine drops from a life could be shown by what was committed before."""
    spec, life = spec_with(method), revoked(NOW)
    proven = Sighting(life.revision, proven=frozenset({"s1"}))
    facts = Facts(NOW + waited, sighting=proven)
    assume(not advance(life, spec, facts).life.sets)
    assert revealable_selectors(life, spec, facts.now) == {"s1"}


def test_the_secret_of_retired_keys_goes_with_its_dkim_key_and_is_not_taken_for_the_signing_one() -> None:
    secret = retired_secret(KEY, spec_with(), {"s1": PEM}, OWNER)
    assert secret["metadata"]["name"] == "main-retired"
    assert secret["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "mailseal"}
    assert secret["metadata"]["ownerReferences"] == [OWNER]
    assert base64.b64decode(secret["data"]["s1.pem"]) == PEM
    assert owner_of_secret(secret["metadata"]) is None
    assert is_made_for(KEY, secret)


def test_a_shown_key_leaves_the_secret() -> None:
    change = retired_change(added={"s2": PEM}, revealed=frozenset({"s1"}))
    assert change == {"data": {"s2.pem": base64.b64encode(PEM).decode(), "s1.pem": None}}


def test_the_config_map_says_what_it_is() -> None:
    config_map = revealed_config_map(KEY, spec_with(), {"s1": PEM}, OWNER)
    assert config_map["metadata"]["name"] == "main-revealed"
    assert config_map["metadata"]["ownerReferences"] == [OWNER]
    assert config_map["data"]["s1.pem"] == PEM.decode()
    assert "example.nl" in config_map["data"]["README"]
    assert "DkimKey mail/main" in config_map["data"]["README"]
    assert is_made_for(KEY, config_map)
    assert set(revealed_change(KEY, spec_with(), {"s2": PEM})["data"]) == {"README", "s2.pem"}


@pytest.mark.parametrize(
    "metadata", [{}, {"annotations": None}, {"annotations": {"mailseal.dev/dkimkey": "main"}}]
)
def test_an_object_of_somebody_else_is_not_ours(metadata: dict[str, object]) -> None:
    assert not is_made_for(KEY, {"metadata": metadata})


def test_long_names_are_cut_and_stay_apart() -> None:
    first, second = (replace(KEY, name="a" * 250 + end) for end in ("bcd", "bce"))
    names = [name(key) for key in (first, second) for name in (retired_secret_name, revealed_name)]
    assert len(set(names)) == 4
    assert max(map(len, names)) <= 253
    assert all(name.endswith(("-retired", "-revealed")) for name in names)
