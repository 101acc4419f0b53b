"""A small Internet on loopback, signed with DNSSEC from its own root down, with a resolver that validates.

    zones = {
        "good.nl": '@ MX 10 mx\nmx A 127.0.0.1\n_25._tcp.mx TLSA 3 1 1 ...',
        "plain.nl": SignedZone("@ MX 10 mx.good.nl.", algorithm=None),
        "broken.nl": SignedZone("@ A 127.0.0.1", delegation=Delegation.WRONG),
    }
    with SignedInternet(zones) as internet:
        async with open_resolver(internet.settings()) as resolver:
            ...

A zone is text (records as in a zone file, names relative to the zone; it is signed, and its parent has the
right DS record), or a `SignedZone`. The zones between the root and those are made and signed: here `nl` and
`.`. SOA, NS, the address of the name server and all delegations are added.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rdtypes.ANY.DS
import dns.zone

from mailseal.checks.settings import CheckSettings
from support.servers.bind import BindServer
from support.servers.process import program
from support.servers.unbound import UnboundServer

Spoil = Callable[[dns.zone.Zone], None]
_UNKNOWN_NUMBER = 200


class Denial(StrEnum):
    """How a zone proves absence."""

    NSEC = "NSEC"
    NSEC3 = "NSEC3"
    OPT_OUT = "NSEC3 with opt-out"


class Delegation(StrEnum):
    """What the parent of a zone says of its keys."""

    RIGHT = "a DS record of its key"
    NONE = "no DS record"
    WRONG = "a DS record of another key"
    UNKNOWN_ALGORITHM = "a DS record with an algorithm that nobody knows"
    UNKNOWN_DIGEST = "a DS record with a digest type that nobody knows"
    SHA1 = "a DS record with a SHA-1 digest"
    ROLLOVER = "a DS record of its key and one of another key"


@dataclass(frozen=True, slots=True)
class SignedZone:
    """A zone and how it is signed. Only a signed zone has a DS record in its parent."""

    records: str = ""
    algorithm: str | None = "ECDSAP256SHA256"
    """As dnssec-keygen(8) names it; None: not signed."""
    delegation: Delegation = Delegation.RIGHT
    split_keys: bool = False
    """A key signing key and a zone signing key, instead of one key for everything."""
    denial: Denial = Denial.NSEC
    iterations: int = 0
    since: timedelta = timedelta(hours=-1)
    until: timedelta = timedelta(days=30)
    """From when until when the signatures are valid, from now."""
    spoil: Spoil | None = None
    """Changes the zone after it was signed; names are absolute."""


class _TextBind(BindServer):
    """Serves zones as they are written."""

    def _zone_text(self, zone: str, records: str) -> str:
        return records


class SignedInternet:
    """Runs BIND with all zones and Unbound before it. Use it as a context manager.

    `islands` are signed zones with a trust anchor of their own, since nothing above them is signed.
    """

    def __init__(
        self,
        zones: Mapping[str, SignedZone | str],
        *,
        islands: tuple[str, ...] = (),
        resolver_options: tuple[str, ...] = (),
    ) -> None:
        given = {
            _name(zone): SignedZone(spec) if isinstance(spec, str) else spec for zone, spec in zones.items()
        }
        above = {parent for zone in given for parent in _ancestors(zone)}
        self._zones = {zone: SignedZone() for zone in sorted(above)} | given
        self._anchored = (dns.name.root, *(_name(zone) for zone in islands))
        self._options = resolver_options
        self._stack = ExitStack()
        self._keys: dict[dns.name.Name, tuple[Path, ...]] = {}
        self.authority = ""
        """Where BIND answers for all zones: `address:port`."""
        self.resolver = ""
        """Where Unbound answers, validated: `address:port`."""

    @property
    def trust_anchor(self) -> str:
        """The DS record of the root zone in presentation form."""
        return self.trust_anchors[0]

    @property
    def trust_anchors(self) -> tuple[str, ...]:
        """The DS records of the root zone and of the islands in presentation form."""
        return tuple(f"{zone} IN DS {self._ds(zone, Delegation.RIGHT).to_text()}" for zone in self._anchored)

    def settings(self, **changes: Any) -> CheckSettings:
        """Settings of a run of checks that asks the resolver and trusts this Internet's root."""
        defaults: dict[str, Any] = {
            "resolvers": (self.resolver,),
            "trust_anchors": self.trust_anchors,
            "allow_private": True,
        }
        return CheckSettings(**(defaults | changes))

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailseal-signed-")))
            self._keys = {
                zone: _make_keys(directory, zone, spec.algorithm, spec.split_keys)
                for zone, spec in self._zones.items()
                if spec.algorithm is not None
            }
            texts = {_text(zone): self._signed(directory, zone) for zone in self._zones}
            bind = stack.enter_context(_TextBind(texts, options="minimal-responses no;"))
            self.authority = bind.endpoint
            unbound = UnboundServer(bind.endpoint, self.trust_anchors, options=self._options)
            self.resolver = stack.enter_context(unbound).endpoint
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def _signed(self, directory: Path, zone: dns.name.Name) -> str:
        spec = self._zones[zone]
        text = self._unsigned(zone)
        if spec.algorithm is None:
            return text
        source, target = directory / "unsigned", directory / "signed"
        keys = self._keys[zone]
        source.write_text(text + "".join(key.read_text() for key in keys))
        files = ["-f", target.name, source.name, *map(str, keys)]
        _run(directory, ["dnssec-signzone", *_signing(spec), "-o", _text(zone), *files])
        if spec.spoil is None:
            return target.read_text()
        signed = dns.zone.from_text(target.read_text(), zone, relativize=False, check_origin=False)
        spec.spoil(signed)
        return str(signed.to_text(relativize=False))

    def _unsigned(self, zone: dns.name.Name) -> str:
        apex = zone.to_text()
        nameserver = _nameserver(zone)
        lines = [
            f"$ORIGIN {apex}",
            "$TTL 3600",
            f"@ SOA {nameserver} hostmaster.{nameserver} 1 3600 600 86400 60",
        ]
        lines += [f"@ NS {nameserver}", f"{nameserver} A 127.0.0.1"]
        for child in self._zones:
            if self._parent(child) == zone:
                lines += self._delegation(child)
        return "\n".join([*lines, self._zones[zone].records.strip(), ""])

    def _parent(self, child: dns.name.Name) -> dns.name.Name | None:
        at = child
        while at != dns.name.root:
            at = at.parent()
            if at in self._zones:
                return at
        return None

    def _delegation(self, child: dns.name.Name) -> list[str]:
        nameserver = _nameserver(child)
        lines = [f"{child} NS {nameserver}", f"{nameserver} A 127.0.0.1"]
        spec = self._zones[child]
        if spec.algorithm is not None and spec.delegation is not Delegation.NONE:
            lines.append(f"{child} DS {self._ds(child, spec.delegation).to_text()}")
        if spec.delegation is Delegation.ROLLOVER:
            lines.append(f"{child} DS {self._ds(child, Delegation.WRONG).to_text()}")
        return lines

    def _ds(self, zone: dns.name.Name, delegation: Delegation) -> dns.rdtypes.ANY.DS.DS:
        text = self._keys[zone][0].read_text().split(" DNSKEY ")[1]
        key = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY, text)
        digest = "SHA1" if delegation is Delegation.SHA1 else "SHA256"
        made = dns.dnssec.make_ds(zone, key, digest, policy=dns.dnssec.allow_all_policy)
        changes: dict[Delegation, dict[str, Any]] = {
            Delegation.WRONG: {"digest": bytes(len(made.digest))},
            Delegation.UNKNOWN_ALGORITHM: {"algorithm": _UNKNOWN_NUMBER},
            Delegation.UNKNOWN_DIGEST: {"digest_type": _UNKNOWN_NUMBER},
        }
        changed = made.replace(**changes.get(delegation, {}))
        assert isinstance(changed, dns.rdtypes.ANY.DS.DS)
        return changed


def _name(zone: str) -> dns.name.Name:
    return dns.name.from_text(zone)


def _text(zone: dns.name.Name) -> str:
    return zone.to_text(omit_final_dot=True) if zone != dns.name.root else "."


def _ancestors(zone: dns.name.Name) -> list[dns.name.Name]:
    """The root and the top-level domain above `zone`, from the root down."""
    return [zone.split(depth)[1] for depth in (1, 2) if depth < len(zone)]


def _nameserver(zone: dns.name.Name) -> str:
    return dns.name.from_text("ns", zone).to_text()


def _make_keys(directory: Path, zone: dns.name.Name, algorithm: str, split: bool) -> tuple[Path, ...]:
    """The files of the public keys, that of the key signing key first."""
    bits = ["-b", "2048"] if "RSA" in algorithm else []
    command = ["dnssec-keygen", "-q", "-a", algorithm, *bits]
    roles = [["-f", "KSK"], []] if split else [["-f", "KSK"]]
    made = (_run(directory, [*command, *role, _text(zone)]).strip() for role in roles)
    return tuple(directory / f"{name}.key" for name in made)


def _signing(spec: SignedZone) -> list[str]:
    now = datetime.now(UTC)
    since, until = (f"{now + offset:%Y%m%d%H%M%S}" for offset in (spec.since, spec.until))
    denial = [] if spec.denial is Denial.NSEC else ["-3", "AB12", "-H", str(spec.iterations)]
    opt_out = ["-A"] if spec.denial is Denial.OPT_OUT else []
    one_for_all = [] if spec.split_keys else ["-z"]
    return ["-q", *one_for_all, "-P", "-s", since, "-e", until, *denial, *opt_out]


def _run(directory: Path, command: list[str]) -> str:
    name, *arguments = command
    done = subprocess.run(
        [program(name), *arguments], cwd=directory, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout
