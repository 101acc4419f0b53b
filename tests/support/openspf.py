"""The public OpenSPF test suite of RFC 7208, read from the pyspf source distribution that carries it."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

REQUIREMENTS = Path(__file__).parent.parent / "openspf-requirements.txt"
_PINNED = re.compile(r"^pyspf==(?P<version>\S+) --hash=sha256:(?P<digest>[0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Case:
    """One test of the suite: the policy of `domain` and every result that the suite accepts for it."""

    scenario: str
    name: str
    domain: str
    results: frozenset[str]
    zone: Mapping[str, tuple[str, ...]] = field(compare=False)
    """The joined TXT values of every name, one character for each byte."""
    host: str = ""
    """The address of the SMTP client."""
    helo: str = ""
    sender: str = ""
    """The MAIL FROM address, or postmaster at the HELO name where that is empty (RFC 7208 section 2.4)."""
    explanation: str | None = None
    """What a fail is explained with: `DEFAULT` for no explanation of the domain, None where any will do."""
    zonedata: Mapping[str, Any] = field(compare=False, default_factory=dict)
    """The entries of every name as the suite has them."""

    @property
    def values(self) -> tuple[str, ...]:
        """The TXT values at the name that is checked."""
        return self.zone.get(self.domain, ())


def load_suite() -> tuple[Case, ...]:
    """Every test of the suite. Raises when the suite cannot be had: a test that needs it must fail."""
    text = _suite_text()
    return tuple(case for document in yaml.safe_load_all(text) for case in _cases(document))


def _cases(document: Mapping[str, Any]) -> Iterator[Case]:
    zone = {str(name).lower(): tuple(_txt_values(entries)) for name, entries in document["zonedata"].items()}
    for name, test in document["tests"].items():
        sender = test["mailfrom"] or f"postmaster@{test['helo']}"
        results = test["result"] if isinstance(test["result"], list) else [test["result"]]
        yield Case(
            scenario=document["description"],
            name=name,
            domain=sender.rpartition("@")[2].lower(),
            results=frozenset(results),
            zone=zone,
            host=test["host"],
            helo=test["helo"],
            sender=sender,
            explanation=test.get("explanation"),
            zonedata=document["zonedata"],
        )


def _txt_values(entries: list[Any]) -> Iterator[str]:
    """The TXT values of one name: the suite's SPF entries stand for TXT where there is no TXT entry."""
    records = [(kind, value) for entry in entries if isinstance(entry, dict) for kind, value in entry.items()]
    wanted = "TXT" if any(kind == "TXT" for kind, _ in records) else "SPF"
    for kind, value in records:
        if kind == wanted and value != "NONE":
            yield "".join(value) if isinstance(value, list) else str(value)


def _suite_text() -> str:
    pinned = _PINNED.search(REQUIREMENTS.read_text())
    assert pinned, f"{REQUIREMENTS} does not pin pyspf with one sha256"
    name = f"pyspf-{pinned['version']}"
    archive = _cache() / f"{name}.tar.gz"
    if not (archive.exists() and _digest(archive) == pinned["digest"]):
        _download(archive)
    assert _digest(archive) == pinned["digest"], f"{archive} is not what {REQUIREMENTS} pins"
    with tarfile.open(archive) as tar:
        member = tar.extractfile(f"{name}/test/rfc7208-tests.yml")
        assert member is not None
        return member.read().decode()


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "mailseal" / "openspf"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _download(archive: Path) -> None:
    """Put the source distribution at `archive` in one step, so that two test runs do not meet half a file."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-binary", ":all:", "--require-hashes", "--requirement", str(REQUIREMENTS)]
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        subprocess.run([*pip, *options, "--dest", folder], check=True, timeout=300)
        (Path(folder) / archive.name).replace(archive)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
