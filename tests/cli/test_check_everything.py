"""`mailseal check` of every subject: DNSSEC from the root down, real mail servers, a real MTA-STS host."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailseal.checks.registry import EXAMINERS
from support.certificates import ServerCertificate
from support.commandline import Workspace
from support.mailcertificates import Authority, Issued
from support.mailzone import nta_text
from support.servers.exim import EximHost, EximServer, only
from support.servers.policyhost import policy_host, policy_text
from support.signedinternet import SignedInternet

GOOD = "zorg.example"
POOR = "poor.example"
GOOD_HOST = "127.0.0.21"
POOR_HOST = "127.0.0.22"


def _dkim_key() -> str:
    """A key record of 2048 bits in strings of 255 bytes."""
    public = rsa.generate_private_key(65537, 2048).public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    text = f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))


def _tlsa(issued: Issued) -> str:
    """DANE-EE with the digest of the public key (RFC 7672 section 3.1.1)."""
    public = issued.certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"3 1 1 {hashlib.sha256(public).hexdigest()}"


def _good_zone(issued: Issued) -> str:
    return f"""
@ TXT "{nta_text(-1, 30, f";ntamx=10 mx.{GOOD}")}"
@ TXT "v=spf1 ip4:192.0.2.1 include:_spf.relay.example -all"
@ MX 10 mx
mx A {GOOD_HOST}
_25._tcp.mx TLSA {_tlsa(issued)}
s1._domainkey TXT {_dkim_key()}
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@{GOOD}"
_mta-sts TXT "v=STSv1; id=20261124"
mta-sts A 127.0.0.1
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@{GOOD}"
"""


def _poor_zone() -> str:
    return f"""
@ TXT "v=spf1 +all"
@ MX 10 mx
mx A {POOR_HOST}
_25._tcp.mx TLSA 3 1 1 {"00" * 32}
_dmarc TXT "v=DMARC1; p=none"
"""


@dataclass(frozen=True, slots=True)
class World:
    """A small Internet and how to check it."""

    workspace: Workspace
    options: tuple[str, ...]

    async def check(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command as a process, while the servers of this one answer."""
        return await asyncio.to_thread(self.workspace.process, "check", *arguments, *self.options)

    async def findings(self, *arguments: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
        """The exit code and the findings of each domain."""
        done = await self.check(*arguments, "-o", "json")
        assert done.stderr == ""
        results = json.loads(done.stdout)["results"]
        return done.returncode, {result["domain"]: result["findings"] for result in results}


@pytest.fixture
async def world(workspace: Workspace, tmp_path: Path) -> AsyncIterator[World]:
    """A domain where all is right, and one where much is wrong."""
    authority = Authority.root("Test root")
    good, poor = authority.issue(f"mx.{GOOD}"), authority.issue("another.example")
    policies = _written(tmp_path, authority, authority.issue(f"mta-sts.{GOOD}"))
    hosts = [EximHost(GOOD_HOST, good), EximHost(POOR_HOST, poor, only("TLS1.0", "TLS1.1"))]
    zones = {
        GOOD: _good_zone(good),
        POOR: _poor_zone(),
        "relay.example": '_spf TXT "v=spf1 ip4:192.0.2.7 -all"',
    }

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=policy_text("enforce", f"mx.{GOOD}"))

    with SignedInternet(zones) as internet, EximServer(hosts) as exim:
        async with policy_host(answer, policies) as host:
            options = (
                *("--resolver", internet.resolver, "--trust-anchor", internet.trust_anchor),
                *("--ca-file", str(policies.ca_file), "--allow-private", "--relay", "_spf.relay.example"),
                *("--smtp-port", str(exim.port), "--https-port", str(host.port)),
            )
            yield World(workspace, options)


def _written(directory: Path, authority: Authority, issued: Issued) -> ServerCertificate:
    files = ServerCertificate(directory / "root.pem", directory / "policies.crt", directory / "policies.key")
    files.ca_file.write_bytes(authority.pem)
    files.cert_file.write_bytes(issued.chain_pem)
    files.key_file.write_bytes(issued.key_pem)
    return files


def _not_passed(findings: list[dict[str, Any]]) -> set[str]:
    return {
        f"{finding['check']}/{finding['verdict']}"
        for finding in findings
        if finding["outcome"] not in {"pass", "skip"}
    }


async def test_a_domain_where_all_is_right_passes(world: World) -> None:
    """Every subject passes, and nothing warns or stays open."""
    code, found = await world.findings(GOOD, "--selector", "s1", "--fail-on", "warn")

    assert _not_passed(found[GOOD]) == set()
    assert code == 0
    passed = {finding["check"].partition(".")[0] for finding in found[GOOD] if finding["outcome"] == "pass"}
    assert passed == {str(subject) for subject in EXAMINERS}


async def test_a_domain_where_much_is_wrong_fails(world: World) -> None:
    """Each subject says its part."""
    code, found = await world.findings(POOR)

    assert code == 1
    failed = {finding["check"].partition(".")[0] for finding in found[POOR] if finding["outcome"] == "fail"}
    assert failed == {"nta7516", "mx", "dane", "spf", "dkim", "dmarc"}


async def test_both_in_one_table(world: World) -> None:
    done = await world.check(GOOD, POOR, "--selector", "s1")

    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert rows["DOMAIN"] == [str(subject) for subject in EXAMINERS]
    assert set(rows[GOOD]) == {"ok"}
    assert "FAIL" in rows[POOR]
    assert done.stderr == ""


async def test_private_addresses_are_not_reached_unless_allowed(world: World) -> None:
    """Without `--allow-private` no connection is made: the mail servers on loopback stay unseen."""
    options = tuple(option for option in world.options if option != "--allow-private")

    code, found = await World(world.workspace, options).findings(GOOD, "--selector", "s1")

    assert code != 0
    for subject, is_seen in {
        "mx": False,
        "ntamx": False,
        "mta-sts": False,
        "spf": True,
        "dnssec": True,
    }.items():
        about = [finding for finding in found[GOOD] if finding["check"].startswith(f"{subject}.")]
        assert (_not_passed(about) == set()) is is_seen, subject
