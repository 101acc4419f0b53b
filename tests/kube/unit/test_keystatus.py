"""What the status of a DkimKey says of its keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from mailseal.domain.dkimkey import DkimKeySpec, KeyAlgorithm
from mailseal.domain.status import ConditionStatus, DkimKeyStatus
from mailseal.kube.conditions import Statement
from mailseal.kube.keystatus import key_details, signing_statement
from mailseal.planning.keylife.codec import from_text
from mailseal.planning.keylife.machine import advance
from mailseal.planning.keylife.model import Cause, Facts, KeyLife, KeySet, LifeKey, Sighting, spec_fingerprint
from mailseal.records.dkim import DkimRecord
from support.kube_objects import resource
from support.planning_world import NOW

HOUR = timedelta(hours=1)


def spec(**fields: Any) -> DkimKeySpec:
    """A spec of one Ed25519 key."""
    found = resource("DkimKey", spec={"keys": [{"algorithm": "Ed25519"}], **fields}).spec
    assert isinstance(found, DkimKeySpec)
    return found


def keys(number: int, **times: datetime) -> KeySet:
    """The set with the selector `s<number>`."""
    record = DkimRecord.for_ed25519(number.to_bytes(32)).to_text()
    key = LifeKey(f"s{number}", KeyAlgorithm.ED25519, 256, record)
    return KeySet(number, Cause.FIRST, (key,), spec_fingerprint(spec()), prepared_at=NOW, **times)


def life(*sets: KeySet) -> KeyLife:
    """A life of these sets."""
    made = KeyLife(revision=3)
    for found in sets:
        made = made.with_set(found)
    return made


SIGNS = {"published_at": NOW, "switched_at": NOW + HOUR, "confirmed_at": NOW + 2 * HOUR}
OLD = {**SIGNS, "stopped_at": NOW + 3 * HOUR}


def details(
    lived: KeyLife, at: datetime = NOW, sighting: Sighting | None = None, **fields: Any
) -> dict[str, Any]:
    """What the status says of this life."""
    facts = Facts(at, held=lived.private_selectors, sighting=sighting, jitter_seed="mail/main")
    return key_details("main", lived, spec(**fields), facts, advance(lived, spec(**fields), facts))


def signing(lived: KeyLife, held: frozenset[str] | None = None) -> Statement:
    """What the condition Signing says of this life."""
    present = lived.private_selectors if held is None else held
    return signing_statement(lived, present, advance(lived, spec(), Facts(NOW, held=present)))


@pytest.mark.parametrize(
    ("times", "state", "since", "until"),
    [
        ({}, "Prepared", NOW, None),
        ({"published_at": NOW + HOUR}, "Published", NOW + HOUR, None),
        ({"published_at": NOW, "switched_at": NOW + HOUR}, "Active", NOW + HOUR, NOW + HOUR * 7 / 6),
        (SIGNS, "Active", NOW + HOUR, None),
        (OLD, "Retiring", NOW + 3 * HOUR, NOW + HOUR * 19 / 6),
        ({**OLD, "retiring_at": NOW + 4 * HOUR}, "Retiring", NOW + 3 * HOUR, NOW + 172 * HOUR),
        (
            {**OLD, "retiring_at": NOW, "revoking_at": NOW, "revoked_at": NOW},
            "Revoked",
            NOW,
            NOW + timedelta(days=30),
        ),
    ],
)
def test_each_selector_has_its_state_since_when_and_until_when(times, state, since, until) -> None:
    (entry,) = details(life(keys(1, **times)))["keys"]
    assert (entry["selector"], entry["algorithm"], entry["size"]) == ("s1", "Ed25519", 256)
    assert (entry["set"], entry["cause"], entry["state"]) == (1, "FirstKey", state)
    assert entry["since"] == f"{since:%Y-%m-%dT%H:%M:%SZ}"
    assert entry.get("until") == (f"{until:%Y-%m-%dT%H:%M:%SZ}" if until else None)


def test_a_published_key_may_sign_when_the_zone_says_that_it_is_not_forgotten_any_more() -> None:
    lived = life(keys(1, published_at=NOW))
    seen = Sighting(lived.revision, proven=frozenset({"s1"}), negative_caching=HOUR / 2)
    assert details(lived, sighting=seen)["keys"][0]["until"] == "2026-03-15T12:30:00Z"


def test_a_key_is_published_since_all_servers_answer_it_until_it_is_revoked() -> None:
    revoked = {**OLD, "retiring_at": NOW, "revoking_at": NOW, "revoked_at": NOW}
    prepared, active, gone = (details(life(keys(1, **times)))["keys"][0] for times in ({}, SIGNS, revoked))
    assert [entry.get("publishedSince") for entry in (prepared, active, gone)] == [
        None,
        "2026-03-15T12:00:00Z",
        None,
    ]


def test_the_keys_to_sign_with_are_those_that_the_secret_names() -> None:
    assert details(life(keys(1, **OLD), keys(2, **SIGNS), keys(3)))["signingSelectors"] == ["s2"]
    assert details(life(keys(1)))["signingSelectors"] == []


def test_the_next_rotation_is_told_until_it_begins() -> None:
    interval = {"rotation": {"interval": "90d", "jitterPercent": 0}}
    active = life(keys(1, **SIGNS))
    assert details(active, **interval)["nextRotation"] == "2026-06-13T14:00:00Z"
    assert details(active)["nextRotation"] is None
    assert details(life(keys(1, **SIGNS), keys(2)), **interval)["nextRotation"] is None


def test_the_status_remembers_the_life_itself() -> None:
    lived = life(keys(1, **OLD), keys(2, **SIGNS))
    told = details(lived)
    assert from_text(told["keyLife"]) == lived
    assert told["secretName"] == "main"


def test_the_status_is_what_the_resource_definition_lets_it_be() -> None:
    told = {name: value for name, value in details(life(keys(1, **OLD), keys(2, **SIGNS))).items() if value}
    assert DkimKeyStatus.model_validate(told).keys[0].selector == "s1"


def test_what_is_told_does_not_change_with_the_time_alone() -> None:
    """A status is written when something happened, not at each look."""
    lived = life(keys(1, **OLD), keys(2, **SIGNS))
    assert details(lived, NOW) == details(lived, NOW + timedelta(days=300))


@pytest.mark.parametrize(
    ("lived", "status", "reason", "text"),
    [
        (life(), ConditionStatus.FALSE, "NoKey", "there is no key to sign with"),
        (life(keys(1)), ConditionStatus.FALSE, "KeyPrepared", "waiting for all authoritative servers"),
        (life(keys(1, published_at=NOW)), ConditionStatus.FALSE, "KeyPublished", "no key to sign with yet"),
        (life(keys(1, **SIGNS)), ConditionStatus.TRUE, "KeyActive", "the Secret names s1"),
        (life(keys(1, **OLD)), ConditionStatus.FALSE, "NoKey", "there is no key to sign with"),
        (life(keys(1, **SIGNS), keys(2)), ConditionStatus.TRUE, "KeyActive", "names s1; waiting for all"),
    ],
)
def test_the_condition_says_whether_there_is_a_key_to_sign_with(lived, status, reason, text) -> None:
    said = signing(lived)
    assert (said.type, said.status, said.reason) == ("Signing", status, reason)
    assert text in said.message


def test_keys_whose_private_half_is_lost_do_not_sign() -> None:
    said = signing(life(keys(1, **SIGNS)), held=frozenset())
    assert (said.status, said.reason) == (ConditionStatus.FALSE, "KeyLost")
    assert "the Secret holds no private key that fits s1" in said.message


def test_a_switch_that_is_not_confirmed_says_what_it_waits_for() -> None:
    unconfirmed = replace(keys(1, **SIGNS), confirmed_at=None, switched_at=NOW)
    assert "waiting for the mail server to take up the Secret" in signing(life(unconfirmed)).message
