"""The rules that move key sets on, one step each. All are pure: life and scene to life.

They run from the last step of a life to the first, so that no set takes two steps at once: what was seen in
DNS proves the step that is committed, and never the one after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from mailseal.domain.dkimkey import DkimKeySpec, KeyAlgorithm
from mailseal.domain.rotation import Confirmation, RevocationMethod
from mailseal.planning.keylife.model import (
    URGENT,
    Cause,
    Facts,
    KeyLife,
    KeySet,
    LifeKey,
    request_mark,
    spec_fingerprint,
)
from mailseal.planning.keylife.schedule import window_is_open

AT_ONCE = timedelta(0)
_NO_KEY = "v=DKIM1; k=rsa; p="
"""Stands for the key of a selector that has none."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the rules decide on. The sighting in `facts` is of the present revision, or None."""

    spec: DkimKeySpec
    facts: Facts

    @property
    def now(self) -> datetime:
        """The time."""
        return self.facts.now

    def is_proven(self, found: KeySet) -> bool:
        """True when all authoritative servers answer what is wanted for all keys of the set."""
        sighting = self.facts.sighting
        return sighting is not None and found.selectors <= sighting.proven

    def is_disturbed(self, found: KeySet) -> bool:
        """True when some server has answered something else just now."""
        sighting = self.facts.sighting
        return sighting is not None and not found.selectors.isdisjoint(sighting.disturbed)

    def is_taken(self, found: KeySet) -> bool:
        """True when another key stands at one of its selectors."""
        sighting = self.facts.sighting
        return sighting is not None and not found.selectors.isdisjoint(sighting.taken)

    def is_settled(self, found: KeySet) -> bool:
        """True when all is answered as wanted, or is not ours any more."""
        sighting = self.facts.sighting
        return sighting is not None and found.selectors <= sighting.settled

    def is_whole(self, found: KeySet) -> bool:
        """True when the Secret holds all private keys of the set."""
        return found.selectors <= self.facts.held

    def has_passed(self, span: timedelta, since: datetime | None) -> bool:
        """True when `span` has passed since `since`; with a time to come, nothing has."""
        return since is not None and self.now >= since + span

    @property
    def revocation_stands(self) -> timedelta:
        """How long an empty `p=` stands: private keys are published while it does, past the TTL."""
        revocation, ttl = self.spec.revocation, timedelta(seconds=self.spec.ttl_seconds)
        return max(revocation.keep_span, ttl) if revocation.publish_private_key else revocation.keep_span

    @property
    def deletes_at_once(self) -> bool:
        """True for a resource that goes and whose keys need not wait for mail under way."""
        return self.facts.deleting and self.spec.rotation.retirement == AT_ONCE


Rule: TypeAlias = Callable[[KeyLife, Scene], KeyLife]


def _each(change: Callable[[KeySet, KeyLife, Scene], KeySet | None]) -> Rule:
    """The rule that asks `change` about every set; None as answer removes the set."""

    def rule(life: KeyLife, scene: Scene) -> KeyLife:
        for found in life.sets:
            changed = change(found, life, scene)
            life = life.without_set(found) if changed is None else life.with_set(changed)
        return life

    return rule


def _forget_gone(found: KeySet, life: KeyLife, scene: Scene) -> KeySet | None:
    """A set of which nothing stands in DNS any more is gone; a deleted key once no cache has it."""
    if not scene.is_settled(found):
        return found
    deleted = scene.spec.revocation.method is RevocationMethod.DELETE and found.revoked_at is not None
    ttl = AT_ONCE if scene.deletes_at_once else timedelta(seconds=scene.spec.ttl_seconds)
    if found.removing_at or (deleted and scene.has_passed(ttl, found.revoked_at)):
        return None
    return found


def _remove_revoked(found: KeySet, life: KeyLife, scene: Scene) -> KeySet:
    """What says that a key is revoked stays for a while, unless its resource goes."""
    if scene.spec.revocation.method is not RevocationMethod.EMPTY_KEY or found.removing_at:
        return found
    if found.revoked_at and (
        scene.facts.deleting or scene.has_passed(scene.revocation_stands, found.revoked_at)
    ):
        return replace(found, removing_at=scene.now)
    return found


def _confirm_revocation(found: KeySet, life: KeyLife, scene: Scene) -> KeySet:
    """A selector that somebody else took is no longer ours to revoke."""
    if found.revoking_at and not found.revoked_at and not found.removing_at:
        return replace(found, revoked_at=scene.now) if scene.is_settled(found) else found
    return found


def _revoke(found: KeySet, life: KeyLife, scene: Scene) -> KeySet:
    """Mail signed with the old key has been delivered; never without another that is answered and signs."""
    if not found.retiring_at or found.revoking_at or found.removing_at:
        return found
    active = life.active
    succeeded = active is not None and active.confirmed_at is not None and scene.is_proven(active)
    if (succeeded or scene.facts.deleting) and scene.has_passed(
        scene.spec.rotation.retirement, found.retiring_at
    ):
        return replace(found, revoking_at=scene.now)
    return found


def _confirm_switch(found: KeySet, life: KeyLife, scene: Scene) -> KeySet:
    """A mail server cannot have taken up what the Secret does not hold."""
    if not found.is_active or found.confirmed_at or not scene.is_whole(found):
        return found
    rotation = scene.spec.rotation
    if rotation.confirmation is Confirmation.ACKNOWLEDGEMENT:
        confirmed = found.selectors <= scene.facts.acknowledged
    else:
        confirmed = scene.has_passed(rotation.propagation, found.switched_at)
    return replace(found, confirmed_at=scene.now) if confirmed else found


def _retire(found: KeySet, life: KeyLife, scene: Scene) -> KeySet:
    """The retirement begins when no mail server signs with the old keys any more."""
    if not found.stopped_at or found.retiring_at or found.removing_at:
        return found
    taken_up = scene.has_passed(scene.spec.rotation.propagation, found.stopped_at)
    if scene.facts.deleting:
        quiet = taken_up or scene.deletes_at_once
    else:
        active = life.active
        quiet = (
            active is not None
            and active.confirmed_at is not None
            and active.switched_at is not None
            and (found.stopped_at <= active.switched_at or taken_up)
        )
    return replace(found, retiring_at=scene.now) if quiet else found


def _switch(life: KeyLife, scene: Scene) -> KeyLife:
    """The Secret names the new set: all servers answer it, no resolver remembers that it was not there."""
    coming = life.coming
    if coming is None or scene.facts.deleting or not _may_sign(coming, scene):
        return life
    if _can_wait(coming, life, scene) and not window_is_open(scene.spec.rotation.window, scene.now):
        return life
    for found in life.sets:
        if found.is_active:
            life = life.with_set(replace(found, stopped_at=scene.now))
    return life.with_set(replace(coming, switched_at=scene.now))


def _can_wait(coming: KeySet, life: KeyLife, scene: Scene) -> bool:
    """True when the maintenance window counts: mail is signed all the same, and nobody asked for haste."""
    active, request = life.active, request_mark(scene.facts.rotation_request)
    asked = bool(request) and request != life.honoured_request
    return coming.cause not in URGENT and not asked and active is not None and scene.is_whole(active)


def _may_sign(coming: KeySet, scene: Scene) -> bool:
    sighting = scene.facts.sighting
    return (
        sighting is not None
        and scene.is_proven(coming)
        and not scene.is_disturbed(coming)
        and scene.is_whole(coming)
        and scene.has_passed(sighting.negative_caching, coming.published_at)
    )


def _note_publication(found: KeySet, life: KeyLife, scene: Scene) -> KeySet:
    """Published counts anew from when a server that answered something else answers the key."""
    if not found.is_coming:
        return found
    if scene.is_disturbed(found):
        return replace(found, published_at=scene.now if scene.is_proven(found) else None)
    if found.published_at is None and scene.is_proven(found):
        return replace(found, published_at=scene.now)
    return found


def _stop_where_taken(found: KeySet, life: KeyLife, scene: Scene) -> KeySet:
    """Another key stands at the selector: mail that is signed with ours would fail, so sign no more."""
    if found.is_active and scene.is_taken(found):
        return replace(found, stopped_at=scene.now)
    return found


def _abandon(life: KeyLife, scene: Scene) -> KeyLife:
    """A set that shall not sign: outdated, incomplete, or at a selector of somebody else's.

    It is removed at once only if it cannot have signed. A life that was restored from a backup, or from a
    status that was behind, may not know that it did: then its records stand in DNS already. Where another key
    is in the way nothing is removed, since it may be an older one of ours; what is ours there is found anew.
    The request for a rotation that the set was made for is open again.
    """
    coming = life.coming
    if coming is None or scene.facts.sighting is None or not _is_useless(coming, scene):
        return life
    is_first = life.made == 1 and scene.is_whole(coming)
    if coming.published_at and not is_first:
        life = life.with_set(replace(coming, stopped_at=scene.now))
    elif scene.is_taken(coming):
        life = life.without_set(coming)
    else:
        life = life.with_set(replace(coming, removing_at=scene.now))
    return replace(life, honoured_request="") if coming.cause is Cause.FORCED else life


def _is_useless(found: KeySet, scene: Scene) -> bool:
    return (
        scene.facts.deleting
        or found.made_for != spec_fingerprint(scene.spec)
        or not scene.is_whole(found)
        or (scene.is_taken(found) and found.cause is not Cause.IMPORTED)
    )


def _stop_where_deleted(found: KeySet, life: KeyLife, scene: Scene) -> KeySet:
    if scene.facts.deleting and found.is_active:
        return replace(found, stopped_at=scene.now)
    return found


def _take_in_strays(life: KeyLife, scene: Scene) -> KeyLife:
    """Keys in DNS that are ours and that nothing else tells of: mail signed with them may be under way."""
    sighting = scene.facts.sighting
    known = life.used_selectors - frozenset(life.past)
    strays = [key for key in (sighting.strays if sighting else ()) if key.selector not in known]
    keys = [key for key in strays if key.bits]
    revoked = [key for key in strays if not key.bits]
    if keys:
        life = life.with_set(replace(_found(life, keys, scene), stopped_at=scene.now))
    if revoked:
        over = replace(_found(life, revoked, scene), stopped_at=scene.now, retiring_at=scene.now)
        life = life.with_set(replace(over, revoking_at=scene.now, revoked_at=scene.now))
    return life


def _remove_loose(life: KeyLife, scene: Scene) -> KeyLife:
    """A CNAME of ours that leads to no key of ours: nobody can have signed with what stands there."""
    sighting = scene.facts.sighting
    known = life.used_selectors - frozenset(life.past)
    keys = (
        [LifeKey(name, KeyAlgorithm.RSA, 0, _NO_KEY) for name in sorted(sighting.loose - known)]
        if sighting
        else []
    )
    if not keys:
        return life
    return life.with_set(replace(_found(life, keys, scene), stopped_at=scene.now, removing_at=scene.now))


def _found(life: KeyLife, keys: Iterable[LifeKey], scene: Scene) -> KeySet:
    return KeySet(life.next_number, Cause.FOUND, tuple(keys), made_for="", prepared_at=scene.now)


RULES: tuple[Rule, ...] = (
    _each(_forget_gone),
    _each(_remove_revoked),
    _each(_confirm_revocation),
    _each(_revoke),
    _each(_confirm_switch),
    _each(_retire),
    _switch,
    _each(_note_publication),
    _each(_stop_where_taken),
    _abandon,
    _each(_stop_where_deleted),
    _take_in_strays,
    _remove_loose,
)
