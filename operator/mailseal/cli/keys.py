"""The keys of DkimKeys without a cluster: in Secret manifests, moved through their life by `apply`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mailseal.cli.exits import InvalidInput
from mailseal.cli.resources import SECRET, RecordResource, SecretManifest
from mailseal.cli.secretfiles import SecretFiles, data_of, decoded_data_of
from mailseal.domain.dkimkey import DkimKeySpec, SigningKey
from mailseal.engine.dkimkeys import GeneratedKey, SelectorsUsedUp, UnusableKey, import_key, make_keys
from mailseal.engine.dkimsecret import (
    SecretContent,
    SecretUnusable,
    changed_secret,
    check_made_for,
    held_selectors,
    is_in_step,
    new_secret,
    rebuilt_life,
    secret_name,
    wanted_files,
)
from mailseal.engine.objectkey import ObjectKey
from mailseal.planning.keylife.annotations import facts_of
from mailseal.planning.keylife.machine import advance, after_repair, with_new_set
from mailseal.planning.keylife.model import Cause, Decision, Facts, KeyLife, Sighting, Transition
from mailseal.planning.keylife.telling import prepared
from mailseal.planning.keylife.wanted import released_selectors, wanted_records


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one DkimKey as its Secret tells of them; no private key is in it."""

    dkim_key: ObjectKey
    spec: DkimKeySpec
    annotations: Mapping[str, str]
    secret: SecretManifest | None
    life: KeyLife
    held: frozenset[str]
    in_step: bool
    now: datetime
    deleting: bool = False
    sighting: Sighting | None = None
    """What was seen of the keys in DNS last."""
    fault: str = ""
    """Why the last step could not be taken."""

    def facts(self) -> Facts:
        """Everything that the next step depends on."""
        return facts_of(
            self.annotations,
            namespace=self.dkim_key.namespace,
            name=self.dkim_key.name,
            deleting=self.deleting,
            now=self.now,
            held=self.held,
            sighting=self.sighting,
        )

    def decision(self) -> Decision:
        """What comes next."""
        return advance(self.life, self.spec, self.facts())

    @property
    def missing(self) -> tuple[SigningKey, ...]:
        """The keys that have to be made."""
        return self.spec.keys if self.decision().making else ()

    @property
    def is_due(self) -> bool:
        """True when apply takes a step if all is as wanted in DNS, which is not looked at here."""
        released = released_selectors(self.life, self.spec)
        proven = released.union(record.selector for record in wanted_records(self.life, self.spec))
        seen = replace(self, sighting=Sighting(self.life.revision, proven=proven))
        return not self.in_step or seen.decision().life != self.life

    @property
    def secret_key(self) -> ObjectKey:
        """The Secret that holds, or is to hold, the private keys."""
        return ObjectKey(SECRET, self.dkim_key.namespace, secret_name(self.dkim_key, self.spec))


def read_key_ring(
    resource: RecordResource, spec: DkimKeySpec, files: SecretFiles, now: datetime, *, deleting: bool
) -> KeyRing:
    """The keys in the Secret of `resource`. Raises `InvalidInput`."""
    name = secret_name(resource.key, spec)
    secret = files.find(resource.key.namespace, name)
    nothing = KeyRing(
        dkim_key=resource.key,
        spec=spec,
        annotations=resource.annotations,
        secret=None,
        life=KeyLife(),
        held=frozenset(),
        in_step=deleting,
        now=now,
        deleting=deleting,
    )
    if secret is None:
        return nothing
    content = _content(secret)
    try:
        check_made_for(resource.key, name, content.metadata)
    except SecretUnusable as error:
        raise InvalidInput(f"{secret.source}: {error}") from None
    life = content.life or rebuilt_life(spec, content, now)
    held = held_selectors(life, content.pems)
    return replace(
        nothing, secret=secret, life=life, held=held, in_step=is_in_step(spec, life, content, None)
    )


def check_can_make(ring: KeyRing, files: SecretFiles) -> None:
    """Raise `InvalidInput` when keys have to be made and there is no place for them."""
    if not ring.missing:
        return
    if files.directory is None:
        raise InvalidInput(
            f"{ring.dkim_key}: its {ring.secret_key} lacks keys or is not in the files; name the directory "
            "where mailseal shall keep it with --secrets-dir"
        )
    _check_may_write(ring, files)


@dataclass(frozen=True, slots=True)
class Step:
    """One step in the life of keys that was written to disk."""

    ring: KeyRing
    path: Path | None
    """The Secret's file; None where a DkimKey that goes has none."""
    told: tuple[Transition, ...]


async def take_step(ring: KeyRing, files: SecretFiles) -> Step | None:
    """Take the step that is due, if one is: it is on disk when this returns, and DNS may follow.

    A Secret that somebody changed is put right first: what it said meanwhile counts as said. New keys are
    made last: the sets that there are must not have to wait for keys that cannot be made.
    Raises `InvalidInput`.
    """
    decision = ring.decision()
    life, told = decision.life, decision.transitions
    if life == ring.life and not decision.making and ring.in_step:
        return None
    made: tuple[GeneratedKey, ...] = ()
    if ring.secret is not None and not ring.in_step and ring.life.sets:
        life, told = after_repair(ring.life, ring.now), ()
    elif decision.making and life == ring.life:
        made = await asyncio.to_thread(_make, ring, decision.making.cause, files)
        keys = [key.held.life_key for key in made]
        life = with_new_set(life, ring.spec, keys, decision.making, ring.facts())
        told = (prepared(life.sets[-1]),)
    if ring.deleting and ring.secret is None and files.directory is None:
        return Step(replace(ring, life=life), None, told)
    return await asyncio.to_thread(_write, ring, files, life, made, told)


def _make(ring: KeyRing, cause: Cause, files: SecretFiles) -> tuple[GeneratedKey, ...]:
    if cause is Cause.IMPORTED:
        return tuple(_imported(ring, files))
    try:
        return make_keys(ring.spec, ring.life, ring.now.date())
    except SelectorsUsedUp as error:
        raise InvalidInput(f"{ring.dkim_key}: {error}") from None


def _imported(ring: KeyRing, files: SecretFiles) -> list[GeneratedKey]:
    made = []
    for entry in ring.spec.imports:
        secret = files.find(ring.dkim_key.namespace, entry.secret_name)
        pem = _content(secret).data.get(entry.secret_key) if secret else None
        place = f"{ring.dkim_key}: spec.imports: {entry.secret_key} of Secret {entry.secret_name}"
        if pem is None:
            raise InvalidInput(f"{place} is not in the files: add its manifest")
        try:
            made.append(import_key(entry.selector, pem))
        except UnusableKey as error:
            raise InvalidInput(f"{place} cannot be used, {error}") from None
    return made


def _write(
    ring: KeyRing,
    files: SecretFiles,
    life: KeyLife,
    made: tuple[GeneratedKey, ...],
    told: tuple[Transition, ...],
) -> Step:
    _check_may_write(ring, files)
    content = _content(ring.secret) if ring.secret else None
    pems = {**(content.pems if content else {}), **{key.held.selector: key.pem for key in made}}
    wanted = wanted_files(ring.spec, life, pems)
    if content is None or ring.secret is None:
        body = new_secret(ring.dkim_key, ring.spec, life, wanted, None)
    else:
        change = changed_secret(ring.dkim_key, ring.spec, life, content, wanted, None)
        body = _merged(ring.secret, change)
    path = files.write(ring.secret_key, body, ring.secret)
    written = files.find(ring.secret_key.namespace, ring.secret_key.name)
    held = held_selectors(life, pems) & life.private_selectors
    moved = replace(ring, secret=written, life=life, held=held, in_step=True, sighting=None)
    return Step(moved, path, told)


def _merged(secret: SecretManifest, change: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """The manifest with a merge patch in it, all its values as `data`."""
    kept = {field: value for field, value in secret.body.items() if field != "stringData"}
    metadata = {**secret.body["metadata"]}
    for name, value in change["metadata"].items():
        if isinstance(value, Mapping):
            metadata[name] = {**metadata.get(name, {}), **value}
    data = {**data_of(secret), **change["data"]}
    left = {name: value for name, value in data.items() if value is not None}
    return {**kept, "metadata": metadata, "data": left}


def _content(secret: SecretManifest) -> SecretContent:
    """Raises `InvalidInput` for a value that is not base64: it may be encrypted, and is never replaced."""
    return SecretContent(secret.body["metadata"], decoded_data_of(secret))


def _check_may_write(ring: KeyRing, files: SecretFiles) -> None:
    if ring.secret is not None and not files.may_write(ring.secret):
        place = files.path_of(ring.secret_key) or "a directory given as --secrets-dir"
        raise InvalidInput(
            f"{ring.dkim_key}: the next step of its keys has to be written to its {ring.secret_key}: move it "
            f"from {ring.secret.source} to {place}"
        )
