"""The plug-in that docs/plugins.md builds: installed as it stands there, it conforms, plans and applies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from mailseal.conformance import Case
from mailseal.providers.base import Provider
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey, parse_rdata
from support.backends.base import Harness
from support.backends.memory import MemoryHarness
from support.commandline import DOMAIN, environment, resource
from support.conformance import check, label, pairs
from support.documents import page

PAGE = page("docs/plugins.md")
MODULE = "mailseal_jsonfile"
UNREACHED = "127.0.0.1:1"
"""Nobody serves the file, so that nothing counts as published."""


def block(language: str) -> str:
    """The one block of that language on the page."""
    (found,) = [each.text for each in PAGE.blocks if each.language == language]
    return found


class JsonFileHarness(Harness):
    """The plug-in's class on a file, which is seeded and looked at without it."""

    name = "jsonfile"

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="mailseal-plugin-")
        self._path = Path(self._directory.name) / "zones.json"
        self._path.write_text("{}")
        module = ModuleType(MODULE)
        exec(compile(block("python"), f"{MODULE}.py", "exec"), module.__dict__)
        self._kind: Any = module.JsonFileProvider

    def add_zone(self, zone: DnsName, records: str = "") -> None:
        parser = MemoryHarness()
        parser.add_zone(zone, records)
        self._write({**self._zones(), zone: {}})
        for rrset in parser.backend.rrsets(zone).values():
            self.put(zone, rrset)

    def open(self, *zones: DnsName) -> Provider:
        settings = {"path": str(self._path), "zones": list(zones)}
        provider: Provider = self._kind.from_settings(settings, {}, self.surroundings)
        return provider

    def put(self, zone: DnsName, rrset: RRset) -> None:
        zones = self._zones()
        zones[zone][str(rrset.key)] = [rrset.ttl_seconds, *(value.to_text() for value in rrset.values)]
        self._write(zones)

    def peek(self, zone: DnsName, key: RRsetKey) -> RRset | None:
        held = self._zones()[zone].get(str(key))
        return RRset(key, held[0], tuple(parse_rdata(key.rtype, text) for text in held[1:])) if held else None

    def version(self, zone: DnsName) -> object:
        return self._path.stat()

    def close(self) -> None:
        self._directory.cleanup()

    def _zones(self) -> dict[str, Any]:
        zones: dict[str, Any] = json.loads(self._path.read_text())
        return zones

    def _write(self, zones: dict[str, Any]) -> None:
        self._path.write_text(json.dumps(zones))


@pytest.fixture(scope="module")
def harness() -> Iterator[JsonFileHarness]:
    running = JsonFileHarness()
    yield running
    running.close()


@pytest.mark.parametrize(("kind", "case"), pairs([JsonFileHarness]), ids=label)
async def test_the_class_conforms(harness: JsonFileHarness, kind: type[Harness], case: Case) -> None:
    await check(harness, case)


def test_it_takes_sixty_lines() -> None:
    assert len([line for line in block("python").splitlines() if line.strip()]) <= 60


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of modules in which pip has installed the package of the page, without a network."""
    source, target = tmp_path_factory.mktemp("mailseal-jsonfile"), tmp_path_factory.mktemp("site")
    (source / "pyproject.toml").write_text(block("toml"))
    (source / f"{MODULE}.py").write_text(block("python"))
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps")
    options = ("--no-build-isolation", "--disable-pip-version-check", "--target", str(target), str(source))
    subprocess.run((*pip, *options), check=True, capture_output=True, timeout=120)
    return target


@dataclass(frozen=True, slots=True)
class Desk:
    """A directory with a zone in a JSON file and manifests, and a command line that has the plug-in."""

    directory: Path
    modules: Path

    def prepare(self, name: str = "jsonfile") -> None:
        """The provider of the page on a file of the test, and a MailDomain."""
        provider = yaml.safe_load(block("yaml"))
        provider["spec"]["plugin"] = {"name": name, "settings": {"path": str(self.zones_path)}}
        provider["spec"]["nameservers"] = [UNREACHED]
        provider["spec"]["zones"] = [DOMAIN]
        wanted = {
            "domain": DOMAIN,
            "providerRef": {"kind": "ClusterDnsProvider", "name": "files"},
            "spf": {"mechanisms": ["mx"]},
        }
        self.zones_path.write_text(json.dumps({DOMAIN: {f"{DOMAIN} TXT": [300, '"somebody else"']}}))
        (self.directory / "files.yaml").write_text(yaml.safe_dump(provider))
        (self.directory / "mail.yaml").write_text(
            yaml.safe_dump(resource("MailDomain", "main", wanted, "zorg"))
        )

    @property
    def zones_path(self) -> Path:
        return self.directory / "zones.json"

    def held(self) -> dict[str, Any]:
        """The sets of the zone."""
        zones: dict[str, dict[str, Any]] = json.loads(self.zones_path.read_text())
        return zones[DOMAIN]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`mailseal` in a process of its own."""
        variables = environment()
        variables["PYTHONPATH"] = os.pathsep.join((variables["PYTHONPATH"], str(self.modules)))
        return subprocess.run(
            (sys.executable, "-m", "mailseal", *arguments),
            cwd=self.directory,
            env=variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture
def desk(tmp_path: Path, installed: Path) -> Desk:
    prepared = Desk(tmp_path, installed)
    prepared.prepare()
    return prepared


def test_the_command_on_the_page_finds_that_it_conforms(desk: Desk) -> None:
    command = block("console").removeprefix("$ mailseal ").split()

    done = desk.run(*command, "--yes")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed" not in done.stdout
    assert desk.held() == {f"{DOMAIN} TXT": [300, '"somebody else"']}


def test_plan_and_apply_use_it(desk: Desk) -> None:
    files = ("-f", "files.yaml", "-f", "mail.yaml")

    planned = desk.run("plan", *files)
    assert planned.returncode == 0, planned.stderr
    assert "v=spf1 mx -all" in planned.stdout
    assert f"{DOMAIN} TXT" in desk.held()

    applied = desk.run("apply", *files, "--yes", "--verify-seconds", "0")
    assert applied.returncode == 1, applied.stderr  # written, and not published by any server
    assert {'"somebody else"', '"v=spf1 mx -all"'} <= set(desk.held()[f"{DOMAIN} TXT"][1:])

    assert desk.run("plan", *files, "--expect-no-changes").returncode == 0


def test_a_name_that_no_package_offers_is_told(desk: Desk) -> None:
    desk.prepare("jsonfail")

    done = desk.run("plan", "-f", "files.yaml", "-f", "mail.yaml")

    assert done.returncode == 2
    assert "there is no provider type 'jsonfail'; installed are" in done.stderr
    assert "jsonfile" in done.stderr


def test_what_it_raises_otherwise_is_reported_as_its_defect(desk: Desk) -> None:
    desk.zones_path.write_text(json.dumps({DOMAIN: {f"{DOMAIN} TXT": [300, 5]}}))

    done = desk.run("plan", "-f", "files.yaml", "-f", "mail.yaml")

    assert done.returncode == 1
    assert "this is a defect of it" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
