"""A directory to run the command line in."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.commandline import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Zone files and manifests of one test."""
    return Workspace(tmp_path)
