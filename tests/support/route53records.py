"""Short ways to write records, and to see what was called, for tests of the route53 provider."""

from __future__ import annotations

from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends.route53 import Route53Harness


def key(name: str, rtype: RecordType = RecordType.TXT) -> RRsetKey:
    """The key of a set."""
    return RRsetKey(DnsName.parse(name), rtype)


def txt(where: RRsetKey, *values: bytes) -> RRset:
    """A TXT set."""
    return RRset(where, 300, tuple(TxtData.of(value) for value in values))


def create(where: RRsetKey, *values: bytes) -> RRsetChange:
    """The change that makes a TXT set where there is none."""
    return RRsetChange(where, None, txt(where, *values))


def operations(harness: Route53Harness) -> dict[str, int]:
    """What was called since the last time."""
    called = dict(harness.aws.account.operations)
    harness.aws.account.operations.clear()
    return called
