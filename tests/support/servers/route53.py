"""A local AWS: moto's server with a strict Route 53, and a proxy before it that makes faults."""

from __future__ import annotations

import itertools
import logging
from typing import Any

from moto.route53.models import FakeZone, RecordSet, Route53Backend, route53_backends
from moto.server import ThreadedMotoServer

from support.servers import strictroute53
from support.servers.faultproxy import FaultProxy
from support.servers.strictroute53 import ACCOUNTS, Account, stored_name

KEY_ID = "AKIAMAILSEALTESTS000"
SECRET = "a-secret-that-must-never-be-shown"
_accounts = itertools.count(100_000_000_001)


class LocalAws:
    """One account of its own; several share the process's moto."""

    _moto: ThreadedMotoServer | None = None

    def __init__(self) -> None:
        self.account_id = str(next(_accounts))
        self.account = ACCOUNTS.setdefault(self.account_id, Account(keys={KEY_ID}))
        self.proxy = FaultProxy(self._server(), {"x-moto-account-id": self.account_id})

    @classmethod
    def _server(cls) -> tuple[str, int]:
        if cls._moto is None:
            logging.getLogger("werkzeug").setLevel(logging.ERROR)
            strictroute53.install()
            cls._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
            cls._moto.start()
        return cls._moto.get_host_and_port()

    @property
    def url(self) -> str:
        """The endpoint of every service."""
        return self.proxy.url

    @property
    def backend(self) -> Route53Backend:
        """Moto's memory of the account."""
        return route53_backends[self.account_id]["aws"]

    def add_zone(self, name: str, *, private: bool = False) -> FakeZone:
        """A new hosted zone with SOA and NS; names may repeat."""
        return self.backend.create_hosted_zone(f"{name.rstrip('.')}.", private_zone=private)

    def zones(self, name: str) -> list[FakeZone]:
        """The hosted zones of that name."""
        return [zone for zone in self.backend.zones.values() if zone.name == f"{name}."]

    def remove_zone(self, zone: FakeZone) -> None:
        """Delete it with all that it holds."""
        self.backend.zones.pop(zone.resource_id)

    def put(self, zone: FakeZone, name: str, rtype: str, ttl: int, *texts: str, **special: Any) -> None:
        """Replace a set, as texts of the API."""
        with self.account.lock:
            kept = [
                each
                for each in zone.rrsets
                if (stored_name(each.name), each.type) != (stored_name(name), rtype) or special
            ]
            fields = {"Name": stored_name(name), "Type": rtype, "ResourceRecords": list(texts), **special}
            zone.rrsets = [*kept, RecordSet(fields if special.get("AliasTarget") else {**fields, "TTL": ttl})]

    def texts(self, zone: FakeZone, name: str, rtype: str) -> tuple[int, list[str]] | None:
        """TTL and texts of a set, or None."""
        for each in zone.rrsets:
            if (stored_name(each.name), each.type) == (stored_name(name), rtype):
                return int(each.ttl or 0), list(each.records)
        return None

    def close(self) -> None:
        """End the proxy; moto goes with the process."""
        self.proxy.close()
        ACCOUNTS.pop(self.account_id, None)
