"""A directory that changes as a Secret's volume does."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

_DATA = "..data"


class MountedSecret:
    """A Secret mounted as files, replaced as the kubelet's AtomicWriter does it.

    The files stand in a directory `..<time>`, to which the symbolic link `..data` leads; each name is a
    link to `..data/<name>`. A change writes a new directory and renames a new link over `..data`, so that
    all files change at once; only then names appear and vanish (kubernetes
    pkg/volume/util/atomic_writer.go).
    """

    def __init__(self, path: Path, files: Mapping[str, bytes]) -> None:
        self.path = path
        path.mkdir(mode=0o755, exist_ok=True)
        self.swap(files)

    def swap(self, files: Mapping[str, bytes]) -> None:
        """Replace all files."""
        before = (self.path / _DATA).resolve() if (self.path / _DATA).exists() else None
        now = self._written(files)
        link = self.path / "..data_tmp"
        link.symlink_to(now.name)
        link.rename(self.path / _DATA)
        for name in files:
            if not (self.path / name).is_symlink():
                (self.path / name).symlink_to(f"{_DATA}/{name}")
        for found in self.path.iterdir():
            if not found.name.startswith("..") and found.name not in files:
                found.unlink()
        if before is not None:
            shutil.rmtree(before)

    def _written(self, files: Mapping[str, bytes]) -> Path:
        stamp = f"..{datetime.now(UTC):%Y_%m_%d_%H_%M_%S}."
        directory = Path(tempfile.mkdtemp(prefix=stamp, dir=self.path))
        directory.chmod(0o755)
        for name, content in files.items():
            (directory / name).write_bytes(content)
            (directory / name).chmod(0o644)
        return directory
