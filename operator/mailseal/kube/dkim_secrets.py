"""The Secrets of DkimKeys: read, and brought to what the life of the keys wants, one write for each step.

Private keys are in memory only while a Secret is read or written; what is kept of it is public.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.engine.dkimkeys import GeneratedKey, make_keys
from mailseal.engine.dkimsecret import (
    SecretContent,
    SecretUnusable,
    changed_secret,
    check_made_for,
    content_of,
    held_selectors,
    is_in_step,
    is_made_for,
    later_life,
    new_secret,
    read_life,
    rebuilt_life,
    secret_name,
    wanted_files,
)
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.api import Conflict, KubeApi, NotFound
from mailseal.kube.keyreveal import KeyReveal
from mailseal.kube.objects import StoredObject
from mailseal.planning.keylife.model import KeyLife


@dataclass(frozen=True, slots=True)
class SecretView:
    """What the operator keeps of a DkimKey's Secret."""

    name: str
    resource_version: str
    """Empty when there is no Secret."""
    life: KeyLife
    held: frozenset[str] = frozenset()
    """The selectors of the life whose private key the Secret holds."""
    in_step: bool = False
    """The Secret holds exactly what the life wants."""


@dataclass(slots=True)
class Known:
    """The last view of a Secret, and whether it is still to be believed."""

    view: SecretView
    uid: str
    """The DkimKey's: another one of its name has another life."""
    spec: DkimKeySpec
    """By which it was judged to be in step."""
    doubted: bool = False
    """The Secret is another one by now, or may be: read it before the next step."""


class DkimSecrets:
    """Reads and writes the Secrets of DkimKeys. Key generation runs in `executor`, off the event loop.

    A view stays in use after the Secret was changed, until the Secret has been read again: what it says of
    the life of the keys was committed, and DNS must never be planned without them.
    """

    def __init__(self, api: KubeApi, executor: Executor, reveal: KeyReveal) -> None:
        self._api = api
        self._reveal = reveal
        self._executor = executor
        self._known: dict[ObjectKey, Known] = {}
        self._unusable: set[ObjectKey] = set()
        self._told: dict[ObjectKey, str | None] = {}
        """For each Secret that is read or written now, the version of which a watch told meanwhile."""

    def view(self, key: ObjectKey) -> SecretView | None:
        """What was known last of the DkimKey's Secret."""
        known = self._known.get(key)
        return known.view if known else None

    def is_current(self, resource: StoredObject) -> bool:
        """True when the Secret is known to be as `view` says, judged by the resource's spec."""
        known = self._of(resource)
        return known is not None and not known.doubted and known.spec == resource.spec

    def forget(self, key: ObjectKey) -> None:
        """Drop what is known of the Secret of a DkimKey that is gone."""
        self._known.pop(key, None)
        self._unusable.discard(key)

    def noticed(self, key: ObjectKey, resource_version: str | None) -> bool:
        """A watch says that the Secret is now at this version, or gone; True when it has to be looked at."""
        version, known = resource_version or "", self._known.get(key)
        if key in self._told:
            self._told[key] = version
            return False
        if known is None:
            return key in self._unusable
        if known.view.resource_version == version or known.doubted:
            return False
        known.doubted = True
        return True

    async def look(self, resource: StoredObject, spec: DkimKeySpec, now: datetime) -> SecretView:
        """What the Secret says and what the status remembers, read anew if that is not known for sure.

        Raises `SecretUnusable`, `ApiError`.
        """
        known = self._of(resource)
        if known is not None and not known.doubted and known.spec == spec:
            return known.view
        with self._attention(resource.key):
            content = await self._content(resource, spec)
            last = known.view.life if known else None
            remembered = later_life(read_life(resource.status.get("keyLife")), last)
            view = await asyncio.to_thread(_view_of, resource, spec, content, remembered, now)
            self._keep(resource, spec, view)
        return view

    async def make(self, spec: DkimKeySpec, life: KeyLife, now: datetime) -> tuple[GeneratedKey, ...]:
        """New keys for the next set of `life`. Raises `SelectorsUsedUp`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, make_keys, spec, life, now.date())

    async def commit(
        self,
        resource: StoredObject,
        spec: DkimKeySpec,
        view: SecretView,
        life: KeyLife,
        made: Sequence[GeneratedKey] = (),
    ) -> SecretView:
        """Bring the Secret to `life`, with the private keys that it holds and those just `made`.

        Raises `Conflict` when the Secret is not as `view` says any more; then nothing was written.
        Raises `SecretUnusable`, `ApiError`.
        """
        if resource.key in self._known:
            self._known[resource.key].doubted = True
        with self._attention(resource.key):
            content = await self._content(resource, spec)
            if (content.metadata["resourceVersion"] if content else "") != view.resource_version:
                raise Conflict(f"Secret {resource.key.namespace}/{view.name} was just changed")
            pems = {**(content.pems if content else {}), **{key.held.selector: key.pem for key in made}}
            fitting, files = await asyncio.to_thread(_files_of, spec, life, pems)
            await self._reveal.keep(resource, spec, life, fitting)
            version = await self._write(resource, spec, life, content, files)
            held = fitting.keys() & life.private_selectors
            written = SecretView(view.name, version, life, frozenset(held), in_step=True)
            self._keep(resource, spec, written)
        return written

    def keep_without_secret(self, resource: StoredObject, spec: DkimKeySpec, life: KeyLife) -> None:
        """Take `life` for what is known of keys that have no Secret, once it was committed elsewhere."""
        view = SecretView(secret_name(resource.key, spec), "", life, in_step=True)
        self._known[resource.key] = Known(view, resource.uid, spec)

    @contextmanager
    def _attention(self, key: ObjectKey) -> Iterator[None]:
        """While a Secret is read or written, remember what a watch tells of it."""
        self._told[key] = None
        try:
            yield
        finally:
            del self._told[key]

    def _of(self, resource: StoredObject) -> Known | None:
        known = self._known.get(resource.key)
        return known if known and known.uid == resource.uid else None

    def _keep(self, resource: StoredObject, spec: DkimKeySpec, view: SecretView) -> None:
        doubted = self._told[resource.key] not in {None, view.resource_version}
        self._known[resource.key] = Known(view, resource.uid, spec, doubted)

    async def _content(self, resource: StoredObject, spec: DkimKeySpec) -> SecretContent | None:
        """The Secret's content. One that is somebody else's ends what was known of ours."""
        key, name = resource.key, secret_name(resource.key, spec)
        self._unusable.discard(key)
        try:
            content = content_of(await self._api.get_secret(key.namespace, name))
        except NotFound:
            return None
        if resource.deleting and not is_made_for(key, content.metadata):
            return None
        try:
            check_made_for(key, name, content.metadata)
        except SecretUnusable:
            self.forget(key)
            self._unusable.add(key)
            raise
        return content

    async def _write(
        self,
        resource: StoredObject,
        spec: DkimKeySpec,
        life: KeyLife,
        content: SecretContent | None,
        files: Mapping[str, bytes],
    ) -> str:
        """Create or patch the Secret; its new version."""
        namespace, owner = resource.key.namespace, resource.owner_reference()
        if content is None:
            body = new_secret(resource.key, spec, life, files, owner)
            secret = await self._api.create_secret(namespace, body)
        else:
            change = changed_secret(resource.key, spec, life, content, files, owner)
            secret = await self._api.patch_secret(namespace, secret_name(resource.key, spec), change)
        return str(secret["metadata"]["resourceVersion"])


def _files_of(
    spec: DkimKeySpec, life: KeyLife, pems: Mapping[str, bytes]
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The private keys that fit the life, by selector, and all files that the Secret shall hold."""
    fitting = {selector: pems[selector] for selector in held_selectors(life, pems)}
    return fitting, wanted_files(spec, life, fitting)


def _view_of(
    resource: StoredObject,
    spec: DkimKeySpec,
    content: SecretContent | None,
    remembered: KeyLife | None,
    now: datetime,
) -> SecretView:
    name = secret_name(resource.key, spec)
    if content is None:
        return SecretView(name, "", remembered or KeyLife(), in_step=resource.deleting)
    life = later_life(content.life, remembered) or rebuilt_life(spec, content, now)
    return SecretView(
        name,
        content.metadata["resourceVersion"],
        life,
        held_selectors(life, content.pems),
        is_in_step(spec, life, content, resource.owner_reference()),
    )
