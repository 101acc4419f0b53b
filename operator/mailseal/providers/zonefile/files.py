"""Reading and replacing zone files so that nobody ever sees half of one or loses a change. Blocking."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from mailseal.providers.base import InvalidConfiguration, Raced, Unavailable, ZoneNotFound
from mailseal.records.names import DnsName, InvalidName

SUFFIX: Final = ".zone"
LOCK_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.02


class ZoneDirectory:
    """A directory of `<zone>.zone` files.

    The directory may be reached through symbolic links. A zone file must not be one: replacing it would
    replace the link and leave its target as it was.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def zones(self) -> tuple[DnsName, ...]:
        """The zones that have a file. Raises `InvalidConfiguration` when the directory cannot be listed."""
        try:
            names = sorted(path.name for path in self._directory.iterdir() if path.suffix == SUFFIX)
        except OSError as error:
            raise InvalidConfiguration(
                f"path {self._directory} cannot be listed: {error.strerror}"
            ) from error
        found = []
        for name in names:
            with suppress(InvalidName):
                found.append(DnsName.parse(name.removesuffix(SUFFIX)))
        return tuple(found)

    def read(self, zone: DnsName) -> str:
        """The text of a zone. Raises `ZoneNotFound`, `Unavailable` or `InvalidConfiguration`."""
        path = self._path(zone)
        if path.is_symlink():
            raise InvalidConfiguration(
                f"{path} is a symbolic link: give the directory of the file itself as path"
            )
        try:
            return path.read_bytes().decode()
        except FileNotFoundError as error:
            raise ZoneNotFound(
                f"there is no file {path}: create it with the zone's SOA and NS records"
            ) from error
        except UnicodeDecodeError as error:
            raise InvalidConfiguration(f"{path} is not UTF-8 text") from error
        except OSError as error:
            raise Unavailable(f"{path} cannot be read: {error.strerror}") from error

    def replace(self, zone: DnsName, expected: str, text: str) -> None:
        """Put `text` in place of `expected`, all at once and safely on disk; the lock must be held.

        Raises `Raced` when the file changed meanwhile, as an editor does it that knows no lock.
        """
        path = self._path(zone)
        try:
            with _written_beside(path, text.encode()) as temporary:
                if self.read(zone) != expected:
                    raise Raced(f"{path} was changed by another program just now")
                temporary.rename(path)
            _sync_directory(path.parent)
        except OSError as error:
            raise Unavailable(f"{path} cannot be written: {error.strerror}") from error

    @contextmanager
    def locked(self, zone: DnsName) -> Iterator[None]:
        """Hold the zone's lock, in a file beside it, against other tasks and processes.

        Raises `Unavailable` when somebody holds it for longer than five seconds.
        """
        path = self._path(zone)
        lock = path.with_name(f".{path.name}.lock")
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except FileNotFoundError as error:
            raise ZoneNotFound(f"there is no directory {path.parent}") from error
        except OSError as error:
            raise Unavailable(f"{lock} cannot be opened: {error.strerror}") from error
        try:
            _lock(descriptor, lock)
            yield
        finally:
            os.close(descriptor)

    def _path(self, zone: DnsName) -> Path:
        if not zone or "/" in zone or "\0" in zone:
            raise ZoneNotFound(f"the zone {zone.fqdn} cannot have a file in {self._directory}")
        return self._directory / f"{zone}{SUFFIX}"


@contextmanager
def _written_beside(path: Path, content: bytes) -> Iterator[Path]:
    """A new file in the same directory with the mode and, where allowed, the owner of `path`."""
    status = path.stat()
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), status.st_mode & 0o7777)
            with suppress(PermissionError):
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _lock(descriptor: int, lock: Path) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise Unavailable(f"another program holds {lock} for more than {LOCK_SECONDS:g} s") from error
            time.sleep(_POLL_SECONDS)
        else:
            return


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
