"""Mail servers for tests, right ones and those that are wrong in one way, all in one Exim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mailseal.checks.settings import CheckSettings
from support.mailcertificates import Authority, Issued, self_signed
from support.servers.exim import EximHost, EximServer, only


@dataclass(frozen=True, slots=True)
class MailHosts:
    """The running hosts by name."""

    server: EximServer
    hosts: Mapping[str, EximHost]
    authority: Authority
    """The root that `settings` trust."""
    authority_file: Path

    def settings(self, **changes: Any) -> CheckSettings:
        """Settings of a run that reaches the hosts and trusts the authority."""
        defaults: dict[str, Any] = {
            "smtp_port": self.server.port,
            "allow_private": True,
            "certificate_authorities": (str(self.authority_file),),
        }
        return CheckSettings(**(defaults | changes))

    def addresses(self) -> str:
        """The A records of all hosts, one a line."""
        return "\n".join(f"{name}. A {host.address}" for name, host in self.hosts.items())

    def issued(self, name: str) -> Issued:
        """What the host shows."""
        issued = self.hosts[name].issued
        assert issued is not None
        return issued


@contextmanager
def mail_hosts(domain: str) -> Iterator[MailHosts]:
    """Run the hosts below `domain`; a host's name says what it is like."""
    root = Authority.root("mailseal test root")
    middle = root.intermediate("mailseal test intermediate")
    stranger = Authority.root("mailseal unknown root")
    expired, soon = timedelta(days=-2), timedelta(days=10)
    kinds: dict[str, tuple[Issued | None, str | None]] = {
        "good": (middle.issue(f"good.{domain}"), None),
        "wild": (middle.issue(f"*.{domain}"), None),
        "tls10": (middle.issue(f"tls10.{domain}"), only("TLS1.0")),
        "tls11": (middle.issue(f"tls11.{domain}"), only("TLS1.1")),
        "tls12": (middle.issue(f"tls12.{domain}"), only("TLS1.2")),
        "tls13": (middle.issue(f"tls13.{domain}"), only("TLS1.3")),
        "all": (middle.issue(f"all.{domain}"), only("TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3")),
        "plain": (None, None),
        "expired": (middle.issue(f"expired.{domain}", valid_for=expired), None),
        "soon": (middle.issue(f"soon.{domain}", valid_for=soon, valid_since=timedelta(days=80)), None),
        "wrongname": (middle.issue("elsewhere.example"), None),
        "selfsigned": (self_signed(f"selfsigned.{domain}"), None),
        "private": (stranger.issue(f"private.{domain}", with_root=True), None),
        "incomplete": (_without_intermediates(middle.issue(f"incomplete.{domain}")), None),
        "anchored": (middle.issue(f"anchored.{domain}", with_root=True), None),
    }
    hosts = {
        f"{kind}.{domain}": EximHost(
            f"127.0.1.{number}", issued, **({"priority": versions} if versions else {})
        )
        for number, (kind, (issued, versions)) in enumerate(kinds.items(), 1)
    }
    with TemporaryDirectory(prefix="mailseal-ca-") as directory, EximServer(list(hosts.values())) as server:
        path = Path(directory) / "ca.pem"
        path.write_bytes(root.pem)
        yield MailHosts(server, hosts, root, path)


def _without_intermediates(issued: Issued) -> Issued:
    return Issued(issued.certificate, issued.key)
