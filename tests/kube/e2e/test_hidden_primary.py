"""A hidden primary that is reached over TLS only, and two secondaries that the world asks: BIND and Knot.

The primary stands in no `nameservers`. It notifies the secondaries, and they transfer the zone with a TSIG
key of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.certificates import issue_server_certificate
from support.dnszone import DnsZone
from support.keysteps import signing, states, wait_confirmed, wait_settled
from support.servers import BindServer, KnotServer, NameServer, TsigSecret
from support.world import World
from support.worldmanifests import PROVIDER, TSIG_SECRET

SPF = "v=spf1 ip4:192.0.2.0/28 -all"
NAME = "ns-hidden.zorg.example"
TRANSFERS = TsigSecret("transfers")


@dataclass(frozen=True, slots=True)
class Hidden:
    """A world whose provider names the two secondaries as its name servers."""

    world: World
    bind: BindServer
    knot: KnotServer

    def answers(self, server: NameServer, name: str = "@") -> list[str]:
        """The TXT values that one of the servers answers."""
        return DnsZone(server, self.world.domain).txt(name)

    def wait_named(self, kind: str, name: str, *servers: NameServer) -> None:
        """Wait until a resource is not Ready because of exactly these secondaries."""

        def are_named() -> bool:
            ready = self.world.condition(kind, name)
            named = {
                server for server in (self.bind, self.knot) if server.endpoint in ready.get("message", "")
            }
            return ready.get("reason") == "NotYetAnswered" and named == {*servers}

        self.world.wait(are_named, f"{kind} {name} waiting for {[server.endpoint for server in servers]}")


@pytest.fixture
def hidden(new_world, tmp_path: Path) -> Iterator[Hidden]:
    """Primary and secondaries with one zone that is empty yet."""
    certificate = issue_server_certificate(tmp_path, NAME)
    world = new_world()
    world.server.certificate = certificate
    world.server.transfer_key = TRANSFERS
    with (
        world,
        BindServer(primary=world.server) as bind,
        KnotServer({}, primary=world.server, expire_seconds=3) as knot,
    ):
        secret = world.tsig()
        secret["stringData"]["ca.crt"] = certificate.ca_file.read_text()
        provider = world.provider(nameservers=[bind.endpoint, knot.endpoint])
        provider["spec"]["rfc2136"] |= {
            "port": world.server.tls_port,
            "transport": "tls",
            "tlsServerName": NAME,
        }
        world.apply(secret, provider)
        yield Hidden(world, bind, knot)
        world.delete_all()


@contextmanager
def frozen(server: NameServer) -> Iterator[None]:
    """A server that takes what is sent and answers nothing."""
    server.pause()
    try:
        yield
    finally:
        server.resume()


@contextmanager
def cut_off(hidden: Hidden) -> Iterator[None]:
    """Secondaries whose transfers the primary refuses: BIND keeps its old zone, Knot's expires."""
    hidden.world.server.sign_transfers(TsigSecret("transfers-new"))
    try:
        yield
    finally:
        hidden.world.server.sign_transfers(TRANSFERS)
        hidden.world.server.put(hidden.world.domain, f"touched.{hidden.world.domain}", "TXT", 60, '"now"')


@pytest.mark.parametrize("which", ["bind", "knot"])
def test_a_record_is_published_once_both_secondaries_answer_it(hidden: Hidden, which: str) -> None:
    world, late = hidden.world, getattr(hidden, which)
    other = hidden.knot if late is hidden.bind else hidden.bind
    with frozen(late):
        world.apply(world.mail_domain())
        hidden.wait_named("MailDomain", "mail", late)
        assert hidden.answers(other) == [SPF]
        (record,) = world.status("MailDomain", "mail")["records"]
        assert record["state"] == "Propagating"
        writes = world.zone.serial
        world.wait_for_syncs(1, "unsettled")
        assert world.zone.serial == writes

    world.wait_ready("MailDomain", "mail")
    assert hidden.answers(late) == [SPF]


def test_no_key_takes_a_step_while_one_secondary_is_frozen(hidden: Hidden) -> None:
    world = hidden.world
    world.apply(world.dkim_key())
    (old,) = wait_settled(world)
    world.wait_ready("DkimKey", "dkim")
    with frozen(hidden.knot):
        world.annotate("DkimKey", "dkim", rotate="now")
        hidden.wait_named("DkimKey", "dkim", hidden.knot)
        world.wait_for_syncs(1, "unsettled")
        assert signing(world) == [old]
        assert sorted(states(world).values()) == ["Active", "Prepared"]

    wait_confirmed(world, other_than=[old])
    wait_settled(world, other_than=[old])
    world.wait_ready("DkimKey", "dkim")


def test_old_and_expired_zones_on_the_secondaries_hold_new_records_back(hidden: Hidden) -> None:
    world = hidden.world
    world.apply(world.mail_domain())
    world.wait_ready("MailDomain", "mail")
    with cut_off(hidden):
        world.wait(lambda: not hidden.knot.serves(world.domain), "the zone expired on Knot")
        world.apply(world.nta_record())
        hidden.wait_named("NtaRecord", "nta", hidden.bind, hidden.knot)
        assert hidden.answers(hidden.bind) == [SPF]
        world.wait_for_syncs(1, "unsettled")
        assert len(world.zone.txt("@")) == 2
        hidden.wait_named("NtaRecord", "nta", hidden.bind, hidden.knot)

    world.wait_ready("NtaRecord", "nta")
    assert len(hidden.answers(hidden.bind)) == len(hidden.answers(hidden.knot)) == 2


def test_a_certificate_of_another_authority_stops_the_provider_and_the_right_one_heals_it(
    hidden: Hidden, tmp_path: Path
) -> None:
    world = hidden.world
    right = world.secret(TSIG_SECRET)["ca.crt"]
    (tmp_path / "another").mkdir()
    another = issue_server_certificate(tmp_path / "another", NAME).ca_file.read_text()
    world.set_secret(TSIG_SECRET, "ca.crt", another)
    message = world.wait_reason("DnsProvider", PROVIDER, "AuthenticationFailed")
    assert "authority that is not trusted here: put that authority's certificate" in message

    world.set_secret(TSIG_SECRET, "ca.crt", right)
    world.wait_ready("DnsProvider", PROVIDER)
    world.apply(world.mail_domain())
    world.wait_ready("MailDomain", "mail")
