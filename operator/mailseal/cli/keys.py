"""The keys of DkimKeys without a cluster: in Secret manifests, made by `apply` where they are missing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailseal.cli.exits import InvalidInput
from mailseal.cli.resources import SECRET, RecordResource, SecretManifest
from mailseal.cli.secretfiles import SecretFiles, data_of
from mailseal.domain.dkimkey import DkimKeySpec, SigningKey
from mailseal.engine.dkimkeys import HeldKey, generate_key, missing_keys
from mailseal.engine.dkimsecret import (
    SecretUnusable,
    check_made_for,
    held_keys,
    new_secret,
    secret_data,
    secret_name,
)
from mailseal.engine.objectkey import ObjectKey


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one DkimKey that exist and those that have to be made; no private key is in it."""

    dkim_key: ObjectKey
    spec: DkimKeySpec
    secret: SecretManifest | None
    held: tuple[HeldKey, ...]

    @property
    def missing(self) -> tuple[SigningKey, ...]:
        """The keys of the spec that have to be made."""
        return missing_keys(self.spec, self.held)

    @property
    def secret_key(self) -> ObjectKey:
        """The Secret that holds, or is to hold, the private keys."""
        return ObjectKey(SECRET, self.dkim_key.namespace, secret_name(self.dkim_key, self.spec))


def read_key_ring(resource: RecordResource, spec: DkimKeySpec, files: SecretFiles) -> KeyRing:
    """The keys in the Secret of `resource`. Raises `InvalidInput`."""
    name = secret_name(resource.key, spec)
    secret = files.find(resource.key.namespace, name)
    if secret is None:
        return KeyRing(resource.key, spec, None, ())
    try:
        check_made_for(resource.key, name, secret.body)
        held = held_keys(f"{resource.key.namespace}/{name}", data_of(secret))
    except SecretUnusable as error:
        raise InvalidInput(f"{secret.source}: {error}") from None
    return KeyRing(resource.key, spec, secret, held)


def check_can_make(ring: KeyRing, files: SecretFiles) -> None:
    """Raise `InvalidInput` when keys have to be made and there is no place for them."""
    if not ring.missing:
        return
    if files.directory is None:
        raise InvalidInput(
            f"{ring.dkim_key}: its {ring.secret_key} lacks keys or is not in the files; name the directory "
            "where mailseal shall keep it with --secrets-dir"
        )
    if ring.secret is not None and not files.may_write(ring.secret):
        raise InvalidInput(
            f"{ring.dkim_key}: a key has to be added to its {ring.secret_key}: move it from "
            f"{ring.secret.source} to {files.path_of(ring.secret_key)}"
        )


async def make_missing_keys(ring: KeyRing, files: SecretFiles, now: datetime) -> tuple[KeyRing, Path]:
    """Make the missing keys and write the Secret with them. Raises `InvalidInput`.

    The keys are on disk when this returns: publish them only then.
    """
    made = [await asyncio.to_thread(generate_key, ring.spec, wanted, now.date()) for wanted in ring.missing]
    held = (*ring.held, *(key.held for key in made))
    data = secret_data(held, made)
    if ring.secret is None:
        body = new_secret(ring.dkim_key, ring.spec, data, None)
    else:
        kept = {field: value for field, value in ring.secret.body.items() if field != "stringData"}
        body = {**kept, "data": {**data_of(ring.secret), **data}}
    path = files.write(ring.secret_key, body, ring.secret)
    return KeyRing(ring.dkim_key, ring.spec, ring.secret, held), path
