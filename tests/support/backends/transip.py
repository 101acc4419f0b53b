"""The transip provider under test, on an API of our own."""

from __future__ import annotations

import dns.rdatatype
import dns.zone
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mailseal.dnsio.rdata import wire_name
from mailseal.providers.transip import TransIpProvider
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, MxData, Rdata, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.backends.base import Harness
from support.servers.process import zone_text
from support.servers.transip import Entry, TransIpServer

LOGIN = "zorgvoorbeeld"


class TransIpHarness(Harness):
    """Zones are seeded and seen in the server's memory."""

    name = "transip"

    def __init__(self) -> None:
        self.to_close: list[TransIpProvider] = []
        """For tests that close what they open."""
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.server = TransIpServer(LOGIN, self.key.public_key())
        self.server.limit = 1_000_000

    @property
    def pem(self) -> bytes:
        """The account's private key."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def add_zone(self, zone: DnsName, records: str = "") -> None:
        parsed = dns.zone.from_text(zone_text(zone, records), origin=wire_name(zone), relativize=False)
        entries = [
            Entry(_label(zone, str(name)), rdataset.ttl, rdataset.rdtype.name, _content(rdata))
            for name, rdataset in parsed.iterate_rdatasets()
            for rdata in rdataset
            if rdataset.rdtype != dns.rdatatype.SOA
            and (str(name).rstrip("."), rdataset.rdtype.name) != (zone, "NS")
        ]
        self.server.account.domains[zone] = entries

    def open_with(self, private_key: bytes | None = None, **overrides: object) -> TransIpProvider:
        """The provider with other settings or another key."""
        settings = {"login": LOGIN, "endpoint": self.server.url, **overrides}
        credentials = {"private-key": self.pem if private_key is None else private_key}
        provider = TransIpProvider.from_settings(settings, credentials, self.surroundings)
        self.to_close.append(provider)
        return provider

    def open(self, *zones: DnsName) -> TransIpProvider:
        return self.open_with(zones=list(zones))

    def put(self, zone: DnsName, rrset: RRset) -> None:
        label, rtype = _label(zone, rrset.key.name), str(rrset.key.rtype)
        entries = self.server.account.domains[zone]
        entries[:] = [held for held in entries if (held.name.lower(), held.type) != (label, rtype)]
        entries += [Entry(label, rrset.ttl_seconds, rtype, _text(value)) for value in rrset.values]
        self.server.account.version += 1

    def peek(self, zone: DnsName, key: RRsetKey) -> RRset | None:
        label = _label(zone, key.name)
        held = [
            entry
            for entry in self.server.account.domains.get(zone, ())
            if (entry.name.lower(), entry.type) == (label, str(key.rtype))
        ]
        if not held:
            return None
        return RRset(key, held[0].expire, tuple(_value(zone, key.rtype, entry.content) for entry in held))

    def version(self, zone: DnsName) -> object:
        return self.server.account.version

    def close(self) -> None:
        self.server.close()


def _label(zone: str, name: str) -> str:
    inner = name.rstrip(".").lower().removesuffix(zone).rstrip(".")
    return inner or "@"


def _content(rdata: dns.rdata.Rdata) -> str:
    if rdata.rdtype == dns.rdatatype.TXT:
        return b"".join(rdata.strings).decode("latin-1")  # type: ignore[attr-defined]
    return rdata.to_text()


def _text(value: Rdata) -> str:
    if isinstance(value, TxtData):
        return value.joined.decode("utf-8", "surrogateescape")
    return value.to_text()


def _value(zone: DnsName, rtype: RecordType, content: str) -> Rdata:
    if rtype is RecordType.TXT:
        return TxtData.of(content.encode("utf-8", "surrogateescape"))
    *preference, host = content.split()
    name = zone if host == "@" else DnsName.parse(host)
    return MxData(int(preference[0]), name) if preference else CnameData(name)
