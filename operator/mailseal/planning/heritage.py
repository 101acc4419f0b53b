"""The heritage record: which values at a mail domain are this operator's, and for which resources.

It stands in DNS as one TXT value per operator at `_mailseal.<domain>`, so that ownership outlives the
resources' status: `v=mailseal1; owner=<operator id>; r=<entry>,<entry>...`, each entry
`<relative name>:<type>:<12 hex digits of SHA-256 of the value>:<owner digest>`, sorted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailseal.planning.model import Observed
from mailseal.records.names import DnsName, InvalidName
from mailseal.records.rrset import Rdata, RecordType, RRsetKey
from mailseal.records.txt import TxtData

HERITAGE_TTL_SECONDS = 3600
_LABEL = "_mailseal"
_VALUE = re.compile(r"v=mailseal1; *owner=(?P<owner>[A-Za-z0-9._/-]{1,128}); *r=(?P<entries>[^;\s]+)")
_ENTRY = re.compile(
    r"(?P<name>@|[a-z0-9_*.-]+):(?P<rtype>TXT|MX|CNAME):(?P<fingerprint>[0-9a-f]{12}):(?P<owner>[0-9a-f]{8})"
)
_OPERATOR_ID = re.compile(r"[A-Za-z0-9._/-]{1,128}")


class InvalidOperatorId(ValueError):
    """The operator id cannot stand in a heritage record."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One value of one resource."""

    key: RRsetKey
    fingerprint: str
    owner: str
    """The `Owner.digest` of the resource."""


@dataclass(frozen=True, slots=True)
class Heritage:
    """What one operator claims at one domain. Raises `InvalidOperatorId`."""

    domain: DnsName
    operator_id: str
    entries: frozenset[Entry]

    def __post_init__(self) -> None:
        if _OPERATOR_ID.fullmatch(self.operator_id) is None:
            raise InvalidOperatorId(
                f"the operator id {self.operator_id!r} cannot be used: "
                "write 1 to 128 letters, digits, . _ / and -"
            )

    @classmethod
    def parse(cls, domain: DnsName, value: TxtData) -> Heritage | None:
        """The heritage record that `value`, found at `_mailseal.<domain>`, is; None for something else."""
        record = _VALUE.fullmatch(value.joined.decode("latin-1"))
        if record is None:
            return None
        entries = [_parse_entry(domain, text) for text in record["entries"].split(",")]
        known = frozenset(entry for entry in entries if entry is not None)
        return cls(domain, record["owner"], known) if None not in entries else None

    def to_txt(self) -> TxtData:
        """The TXT value."""
        entries = sorted(
            f"{entry.key.name.relative_to(self.domain)}:{entry.key.rtype}:{entry.fingerprint}:{entry.owner}"
            for entry in self.entries
        )
        return TxtData.of(f"v=mailseal1; owner={self.operator_id}; r={','.join(entries)}")


def _parse_entry(domain: DnsName, text: str) -> Entry | None:
    found = _ENTRY.fullmatch(text)
    if found is None:
        return None
    try:
        name = domain.child(found["name"])
    except InvalidName:
        return None
    return Entry(RRsetKey(name, RecordType(found["rtype"])), found["fingerprint"], found["owner"])


def fingerprint(identity: bytes) -> str:
    """Twelve hex digits that stand for a value."""
    return hashlib.sha256(identity).hexdigest()[:12]


def heritage_key(domain: DnsName) -> RRsetKey:
    """The RRset that holds the heritage records of a domain."""
    return RRsetKey(DnsName(f"{_LABEL}.{domain}"), RecordType.TXT)


def is_heritage_key(key: RRsetKey) -> bool:
    """True for an RRset that holds heritage records."""
    return key.rtype is RecordType.TXT and key.name.startswith(f"{_LABEL}.")


def heritage_in(observed: Observed, domain: DnsName) -> Iterator[tuple[Rdata, Heritage]]:
    """The heritage records of all operators at a domain, each with the value that it was read from."""
    rrset = observed.get(heritage_key(domain))
    for value in rrset.values if rrset else ():
        heritage = Heritage.parse(domain, value) if isinstance(value, TxtData) else None
        if heritage is not None:
            yield value, heritage


def keys_in_heritage(observed: Observed, operator_id: str) -> frozenset[RRsetKey]:
    """The RRsets that this operator's heritage records name: to read besides `keys_of` before planning."""
    domains = [DnsName(key.name.removeprefix(f"{_LABEL}.")) for key in observed if is_heritage_key(key)]
    return frozenset(
        entry.key
        for domain in domains
        for _, heritage in heritage_in(observed, domain)
        if heritage.operator_id == operator_id
        for entry in heritage.entries
    )
