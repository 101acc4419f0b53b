"""The command line in a directory of its own: manifests, zone files, and ways to run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.rdatatype
import dns.zone
import yaml
from click.testing import Result
from typer.testing import CliRunner

import mailseal
from mailseal.cli.app import app
from mailseal.domain.common import API_VERSION
from support.servers.process import zone_text

DOMAIN = "zorg-voorbeeld.example"
SOURCES = Path(mailseal.__file__).parents[1]


def environment() -> dict[str, str]:
    """The variables of a process that runs the command line from these sources."""
    return {**os.environ, "PYTHONPATH": str(SOURCES), "NO_COLOR": "1"}


def resource(kind: str, name: str, spec: dict[str, Any], namespace: str | None = None) -> dict[str, Any]:
    """A resource of mailseal as a manifest."""
    meta = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": meta, "spec": spec}


def owner(kind: str, name: str = "main", *, domain: str = DOMAIN, **spec: Any) -> dict[str, Any]:
    """A record resource behind the DnsProvider `zone`."""
    return resource(kind, name, {"domain": domain, "providerRef": {"name": "zone"}, **spec})


def mail_domain(name: str = "main", **spec: Any) -> dict[str, Any]:
    """A MailDomain that wants `v=spf1 mx -all`, unless `spec` says otherwise."""
    wanted = spec.keys() & {"spf", "dmarc", "tlsRpt", "mtaSts", "parked"}
    return owner("MailDomain", name, **({} if wanted else {"spf": {"mechanisms": ["mx"]}}), **spec)


def secret(name: str, data: dict[str, str], namespace: str = "default") -> dict[str, Any]:
    """A Secret with `data` as text."""
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": data}


@dataclass(frozen=True)
class Workspace:
    """A directory with `zones/`, whose zone files the DnsProvider `zone` keeps, and manifests."""

    directory: Path

    def __post_init__(self) -> None:
        (self.directory / "zones").mkdir()
        self.add_zone(DOMAIN)

    @property
    def secrets(self) -> Path:
        """Where Secrets of new keys go."""
        return self.directory / "secrets"

    def add_zone(self, zone: str, records: str = "") -> None:
        """A zone file with SOA, NS and `records`."""
        (self.directory / "zones" / f"{zone}.zone").write_text(zone_text(zone, records))

    def provider(self, **spec: Any) -> dict[str, Any]:
        """The DnsProvider over the zone files."""
        path = str(self.directory / "zones")
        return resource("DnsProvider", "zone", {"type": "zonefile", "zonefile": {"path": path}, **spec})

    def write(self, *documents: dict[str, Any], name: str = "mail.yaml") -> Path:
        """A manifest file of these documents."""
        path = self.directory / name
        path.write_text(yaml.safe_dump_all(documents))
        return path

    def put(self, *documents: dict[str, Any]) -> Path:
        """The manifest file `mail.yaml` of the provider and these documents."""
        return self.write(self.provider(), *documents)

    def run(self, *arguments: object) -> Result:
        """The command within this process. An exception of it other than its exit fails the test."""
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def run_json(self, *arguments: object) -> tuple[int, Any]:
        """The exit code and what the command prints with `--output json`."""
        result = self.run(*arguments, "--output", "json")
        return result.exit_code, json.loads(result.stdout)

    def process(self, *arguments: object, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """The command as a process of its own, without a terminal."""
        command = [sys.executable, "-m", "mailseal", *(str(argument) for argument in arguments)]
        return subprocess.run(
            command,
            cwd=self.directory,
            env=environment(),
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def texts(self, name: str = DOMAIN, zone: str = DOMAIN) -> set[str]:
        """The joined TXT values at a name of a zone file."""
        path = self.directory / "zones" / f"{zone}.zone"
        parsed = dns.zone.from_file(str(path), origin=zone, relativize=False)
        rdataset = parsed.get_rdataset(f"{name}.", dns.rdatatype.TXT)
        return {b"".join(rdata.strings).decode() for rdata in rdataset or ()}

    def names(self, zone: str = DOMAIN) -> set[str]:
        """The names with TXT records in a zone file."""
        path = self.directory / "zones" / f"{zone}.zone"
        parsed = dns.zone.from_file(str(path), origin=zone, relativize=False)
        return {str(name).rstrip(".") for name, _ in parsed.iterate_rdatasets(dns.rdatatype.TXT)}
