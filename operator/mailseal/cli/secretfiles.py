"""Secrets in manifest files: found in the files given or in the directory for Secrets, and written there."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mailseal.cli.exits import InvalidInput
from mailseal.cli.manifests import read_file
from mailseal.cli.resources import SECRET, SecretManifest, resources_of
from mailseal.engine.objectkey import ObjectKey

_FILE_MODE = 0o600
_DIRECTORY_MODE = 0o700


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """Where Secrets are looked for."""

    given: Mapping[ObjectKey, SecretManifest]
    """Those in the files of the command line."""
    directory: Path | None
    """The directory that holds one file for each further Secret, if there is one."""

    def find(self, namespace: str, name: str) -> SecretManifest | None:
        """The Secret, or None. Raises `InvalidInput` when it is in two places or its file is unusable."""
        key = ObjectKey(SECRET, namespace, name)
        given, kept = self.given.get(key), self._kept(key)
        if given and kept and not _is_file(given, Path(kept.source.file)):
            raise InvalidInput(f"{key} is both in {given.source} and in {kept.source}: keep one of them")
        return kept or given

    def may_write(self, secret: SecretManifest) -> bool:
        """True for a Secret that has a file of its own in the directory."""
        path = self.path_of(secret.key)
        return path is not None and _is_file(secret, path)

    def path_of(self, key: ObjectKey) -> Path | None:
        """The Secret's file in the directory; the namespace has no dots, so that the name is unambiguous."""
        return self.directory / f"{key.namespace}.{key.name}.yaml" if self.directory else None

    def write(self, key: ObjectKey, body: Mapping[str, Any], replaces: SecretManifest | None) -> Path:
        """Write the Secret to its file, whole or not at all and safely on disk, for its owner's eyes only.

        Raises `InvalidInput` when the file cannot be written or is not any more what it was when it was read:
        no key is ever lost to another run at the same time.
        """
        path = self.path_of(key)
        if path is None:
            raise InvalidInput(f"{key} cannot be written: name a directory with --secrets-dir")
        try:
            path.parent.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
            _replace(path.resolve(), _text(body), None if replaces is None else replaces.body)
        except OSError as error:
            raise InvalidInput(f"{path}: cannot be written: {error.strerror}") from None
        return path

    def _kept(self, key: ObjectKey) -> SecretManifest | None:
        path = self.path_of(key)
        if path is None or not path.exists():
            return None
        faults: list[str] = []
        found = resources_of(read_file(str(path), faults), faults)
        if faults:
            raise InvalidInput(*faults)
        if set(found.secrets) != {key} or found.records or found.providers or found.skipped_kinds:
            raise InvalidInput(f"{path}: must hold {key} and nothing else")
        return found.secrets[key]


def data_of(secret: SecretManifest) -> dict[str, str]:
    """The Secret's values in base64, those of `stringData` included. Raises `InvalidInput`."""
    data, texts = secret.body.get("data") or {}, secret.body.get("stringData") or {}
    if not all(
        isinstance(part, dict) and all(isinstance(value, str) for value in part.values())
        for part in (data, texts)
    ):
        raise InvalidInput(f"{secret.source} ({secret.key}): data and stringData take text values only")
    return {**data, **{name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}}


def decoded_data_of(secret: SecretManifest) -> dict[str, bytes]:
    """The Secret's values. Raises `InvalidInput`."""
    try:
        return {
            name: base64.b64decode("".join(value.split()), validate=True)
            for name, value in data_of(secret).items()
        }
    except ValueError:
        raise InvalidInput(f"{secret.source} ({secret.key}): data holds a value that is not base64") from None


def _is_file(secret: SecretManifest, path: Path) -> bool:
    source = Path(secret.source.file)
    return source.exists() and path.exists() and path.samefile(source)


def _text(body: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(body), sort_keys=False, default_flow_style=False)


def _replace(path: Path, text: str, expected: Mapping[str, Any] | None) -> None:
    """Put `text` at `path`, where nothing stands or, with `expected`, a manifest with that body."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            os.fchmod(file.fileno(), _FILE_MODE)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if expected is None:
            os.link(name, path)
        elif [manifest.body for manifest in read_file(str(path), [])] == [expected]:
            Path(name).rename(path)
        else:
            raise InvalidInput(f"{path}: was changed by another program just now; run mailseal again")
        _sync(path.parent)
    except FileExistsError:
        raise InvalidInput(f"{path}: was made by another program just now; run mailseal again") from None
    finally:
        Path(name).unlink(missing_ok=True)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
