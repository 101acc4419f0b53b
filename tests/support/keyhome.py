"""Where the keys of delegated DkimKeys stand: another zone on another name server, or another domain."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from support.dnszone import DnsZone
from support.servers.bind import BindServer
from support.servers.process import TsigSecret
from support.world import NEGATIVE_CACHING_SECONDS, World
from support.worldmanifests import PROVIDER, Manifests, Object

KEYS = "keys"
_TSIG_SECRET = "keys-tsig"


@dataclass(frozen=True, slots=True)
class Delegated:
    """The keys of a world's DkimKeys at another domain, behind one of its providers."""

    world: World
    zone: DnsZone
    """The other domain; names are relative to it."""
    provider: str = PROVIDER

    @property
    def spec(self) -> Object:
        """For `spec.delegation`."""
        return {"domain": self.zone.name, "providerRef": {"name": self.provider}}

    def target(self, selector: str) -> str | None:
        """Where the CNAME at a selector of the mail domain leads to; None without one."""
        found = self.world.server.query(f"{selector}._domainkey.{self.world.domain}", "CNAME")
        return str(found[0].target).rstrip(".") if found else None

    def follow(self, selector: str) -> list[str]:
        """The TXT values that a verifier finds at a selector of the mail domain."""
        name = f"{selector}._domainkey"
        target = self.target(selector)
        if target is None:
            return self.world.zone.txt(name)
        assert target == f"{name}.{self.zone.name}"
        return self.zone.txt(name)


class KeyHome(Manifests):
    """A second name server with a zone for keys, and a provider of it in a world. A context manager.

    At its end all resources are deleted, since they need it to clean up.
    """

    def __init__(
        self, world: World, records: str = "", negative_caching_seconds: int = NEGATIVE_CACHING_SECONDS
    ) -> None:
        key, domain = TsigSecret("keys-key"), f"keys-{world.domain}"
        server = BindServer({domain: records}, keys=(key,), negative_caching_seconds=negative_caching_seconds)
        super().__init__(domain, server, key)
        self.world = world
        self.zone = DnsZone(server, domain)
        self.keys = Delegated(world, self.zone, KEYS)

    def __enter__(self) -> Self:
        self.world.secrets.add(self.key.secret)
        self.server.start()
        provider = self.provider(name=KEYS, credentialsSecretRef={"name": _TSIG_SECRET})
        self.world.apply(self.tsig(name=_TSIG_SECRET), provider)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.world.delete_all()
        finally:
            self.server.close()
