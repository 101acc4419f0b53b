"""The google provider under test, on an API of our own that follows the public documentation."""

from __future__ import annotations

import functools
import itertools
import json
from typing import Any

import dns.zone
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailseal.dnsio.rdata import record_value, wire_rdata
from mailseal.providers.base import Provider
from mailseal.providers.google.provider import GoogleProvider
from mailseal.providers.surroundings import Surroundings
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey
from support.backends.base import Harness
from support.servers.clouddns import PROJECT, CloudDnsServer, Zone
from support.servers.process import zone_text

ZONES = 40
"""So many newest zones are kept: they fit one page, and finding one takes one request."""
ACCOUNT = f"mailseal@{PROJECT}.iam.gserviceaccount.com"


@functools.cache
def account_key() -> tuple[str, str]:
    """The private and the public key of the service account, in PEM."""
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


def key_file(token_uri: str, **changes: Any) -> dict[str, Any]:
    """A service account key as Google's console makes it."""
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "0123456789abcdef0123456789abcdef01234567",
        "private_key": account_key()[0],
        "client_email": ACCOUNT,
        "client_id": "123456789012345678901",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": token_uri,
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "universe_domain": "googleapis.com",
        **changes,
    }


class GoogleHarness(Harness):
    name = "google"

    def __init__(self) -> None:
        self.server = CloudDnsServer(ACCOUNT, account_key()[1])
        self._numbers = itertools.count(1)
        self._managed: dict[str, Zone] = {}

    def open_with(
        self,
        key: dict[str, Any] | None = None,
        surroundings: Surroundings | None = None,
        **settings: Any,
    ) -> GoogleProvider:
        """The provider with another key file, other surroundings or other settings."""
        chosen = {"project": PROJECT, "endpoint": self.server.api.url, "timeoutSeconds": 5, **settings}
        content = json.dumps(key or key_file(self.server.token_uri)).encode()
        around = surroundings or self.surroundings
        return GoogleProvider.from_settings(chosen, {"credentials.json": content}, around)

    def open(self, *zones: DnsName) -> Provider:
        return self.open_with(zones=list(zones))

    def add_zone(self, zone: DnsName, records: str = "") -> None:
        while len(self.server.zones) >= ZONES:
            self.server.zones.pop(next(iter(self.server.zones)))
        added = self.server.add_zone(f"managed-{next(self._numbers)}", f"{zone}.")
        self._managed[zone] = added
        parsed = dns.zone.from_text(zone_text(zone, records), origin=f"{zone}.", relativize=False)
        for name, rdataset in parsed.iterate_rdatasets():
            kind, owner = rdataset.rdtype.name, name.to_text()
            if kind == "SOA" or (kind == "NS" and owner == f"{zone}."):
                continue  # Google's own
            self.server.store(added, owner, kind, rdataset.ttl, [rdata.to_text() for rdata in rdataset])

    def put(self, zone: DnsName, rrset: RRset) -> None:
        texts = [wire_rdata(value).to_text() for value in rrset.values]
        name, kind = rrset.key.name.fqdn, str(rrset.key.rtype)
        self.server.store(self._managed[zone], name, kind, rrset.ttl_seconds, texts)

    def peek(self, zone: DnsName, key: RRsetKey) -> RRset | None:
        stored = self._managed[zone].sets.get((key.name.fqdn, str(key.rtype)))
        if stored is None:
            return None
        rdatas = [dns.rdata.from_text("IN", str(key.rtype), text) for text in stored["rrdatas"]]
        return RRset(key, stored["ttl"], tuple(record_value(rdata) for rdata in rdatas))

    def version(self, zone: DnsName) -> object:
        return self._managed[zone].changes

    def close(self) -> None:
        self.server.close()
