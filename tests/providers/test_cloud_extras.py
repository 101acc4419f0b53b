"""The libraries of clouds are extras: loaded when a provider of theirs is opened, and named when missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

UNLOADED = """
import sys
import mailseal.cli, mailseal.kube.operator
from mailseal.providers.registry import provider_types
assert {"azure", "google"} <= set(provider_types())
# google.auth itself comes with the kubernetes client.
ours = {"mailseal.providers.azure", "mailseal.providers.google"}
loaded = [name for name in sys.modules if name in ours or name.split(".")[0] in {"azure", "msal"}]
assert not loaded, loaded
"""
MISSING = """
import sys
sys.modules[{library!r}] = None
from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.registry import open_provider
from mailseal.providers.surroundings import UNRESTRICTED
try:
    open_provider({kind!r}, {{}}, {{}}, UNRESTRICTED)
except InvalidConfiguration as error:
    assert "pip install 'mailseal[{kind}]'" in str(error), error
else:
    raise AssertionError("opened")
"""


def run(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_nothing_of_them_is_loaded_before_a_provider_needs_it() -> None:
    """They would add to the start of the operator, which most of the time has no such provider."""
    run(UNLOADED)


@pytest.mark.parametrize(("kind", "library"), [("azure", "azure.mgmt.dns"), ("google", "google.auth")])
def test_a_missing_library_is_told_with_the_extra_to_install(kind: str, library: str) -> None:
    run(MISSING.format(kind=kind, library=library))
