"""Many mail domains below one zone that come, change and go at random, and what DNS must hold in the end."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field

from mailseal.kube.conditions import is_current
from mailseal.kube.objects import RECORD_KINDS
from support.keywatch import private_keys
from support.signatures import record_of
from support.world import World

KINDS = ("MailDomain", "DkimKey", "NtaRecord")


@dataclass
class Member:
    """One domain as it is wanted now."""

    label: str
    incarnation: int = 0
    """Resources that come back have a new name, so that the old ones may still be going."""
    present: bool = False
    version: int = 0

    @property
    def name(self) -> str:
        """The name of its resources."""
        return f"{self.label}-{self.incarnation}"


@dataclass
class Fleet:
    """The domains and the world that they live in."""

    world: World
    chance: random.Random
    members: list[Member] = field(default_factory=list)
    steps: int = 0

    @staticmethod
    def foreign_records(size: int) -> str:
        """What somebody else has published at the domains, as zone-file lines."""
        return "\n".join(f'd{number} IN TXT "MS=ms{number}" "a" "b"' for number in range(size))

    def create_all(self, size: int) -> None:
        """Create every domain's resources."""
        self.members = [Member(f"d{number}") for number in range(size)]
        self._create(*self.members)

    def step(self) -> None:
        """Change, delete or create the resources of one domain."""
        member = self.chance.choice(self.members)
        self.steps += 1
        if not member.present:
            self._create(member)
        elif self.chance.random() < 0.25:
            self._delete(member)
        else:
            self._change(member)

    def settle(self, seconds: float) -> None:
        """Wait until the resources that are wanted, and no others, are Ready."""
        self.world.wait(self._all_ready, "exactly the wanted resources, all Ready", seconds)

    def wanted_records(self) -> dict[str, set[str]]:
        """The TXT values that shall stand, by relative name, without the heritage records."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for number, member in enumerate(self.members):
            wanted[member.label].add(f"MS=ms{number}ab")
            if member.present:
                wanted[member.label] |= {_spf(member.version), self._nta(member)}
                wanted[f"_dmarc.{member.label}"].add("v=DMARC1; p=reject")
                selector, record = self._dkim(member)
                wanted[f"{selector}._domainkey.{member.label}"].add(record)
        return dict(wanted)

    def check_dns(self) -> None:
        """Every record is exact, nothing of ours is left over, and the heritage records name what stands."""
        found = {
            name: {_joined(value) for value in values}
            for (name, rtype), values in self.world.zone.content().items()
            if rtype == "TXT"
        }
        heritage = {name: found.pop(name) for name in sorted(found) if name.startswith("_mailseal.")}
        wanted = self.wanted_records()
        wrong = {
            name: {"found": found.get(name), "wanted": wanted.get(name)}
            for name in sorted(found.keys() | wanted.keys())
            if found.get(name) != wanted.get(name)
        }
        assert not wrong, self._story(wrong, heritage)
        assert set(heritage) == {f"_mailseal.{member.label}" for member in self.members if member.present}
        for values in heritage.values():
            (value,) = values
            assert value.count(":TXT:") == 4, value
        orphans = self.world.operator.metric("mailseal_orphaned_values", zone=self.world.domain)
        assert orphans == 0

    def _story(self, wrong: dict[str, object], heritage: dict[str, set[str]]) -> str:
        """What is wrong, the heritage records, and every update of the names that it is about."""
        updates = self.world.server.log_path.read_text(errors="replace").splitlines()
        told = [line for line in updates if any(f"{name}.{self.world.domain}'" in line for name in wrong)]
        return "\n".join([str(wrong), str(heritage), *told, self.world.report()])

    def _create(self, *members: Member) -> None:
        manifests = []
        for member in members:
            member.incarnation += 1
            member.present = True
            member.version = self.steps
            fields = {"domain": f"{member.label}.{self.world.domain}"}
            spf, ntamx = _spec(member.version)
            manifests += [
                self.world.mail_domain(member.name, **fields, **spf, dmarc={"policy": "reject"}),
                self.world.nta_record(member.name, **fields, **ntamx),
                self.world.dkim_key(member.name, **fields),
            ]
        self.world.apply(*manifests)

    def _change(self, member: Member) -> None:
        member.version = self.steps
        spf, ntamx = _spec(member.version)
        self.world.change("MailDomain", member.name, **spf)
        self.world.change("NtaRecord", member.name, **ntamx)

    def _delete(self, member: Member) -> None:
        member.present = False
        for kind in KINDS:
            self.world.delete(kind, member.name)

    def _all_ready(self) -> bool:
        wanted = {(kind, member.name) for member in self.members if member.present for kind in KINDS}
        found = set()
        for kind in RECORD_KINDS:
            for item in (self.world.get(kind, "") or {"items": []})["items"]:
                if not is_current(item.get("status", {}), item["metadata"]["generation"]):
                    return False
                found.add((kind, item["metadata"]["name"]))
        return found == wanted

    def _nta(self, member: Member) -> str:
        status = self.world.status("NtaRecord", member.name)
        dates = f"startdate={status['startMonth']};enddate={status['endMonth']}"
        return f"v=NTA7516-1;{dates};provider=zorgmail;ntamx=10 r{member.version}.zorgmail.nl"

    def _dkim(self, member: Member) -> tuple[str, str]:
        """Selector and record of the only key in the member's Secret."""
        ((selector, pem),) = private_keys(self.world.secret(member.name)).items()
        return selector, record_of(pem)


def _spec(version: int) -> tuple[dict[str, object], dict[str, object]]:
    """The changing parts of a MailDomain and of an NtaRecord."""
    return (
        {"spf": {"mechanisms": [f"exists:n{version}.example"]}},
        {"ntamx": [{"preference": 10, "host": f"r{version}.zorgmail.nl"}]},
    )


def _spf(version: int) -> str:
    return f"v=spf1 exists:n{version}.example -all"


def _joined(wire: bytes) -> str:
    """The character-strings of a TXT value in wire format as one text."""
    text = b""
    while wire:
        text += wire[1 : 1 + wire[0]]
        wire = wire[1 + wire[0] :]
    return text.decode()
