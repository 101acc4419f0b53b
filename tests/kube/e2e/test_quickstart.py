"""The main job: one file with everything for a domain becomes records that a name server answers."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from support.keysteps import wait_state, wait_switched
from support.world import World

QUICKSTART = {
    "DnsProvider": "zone",
    "MailDomain": "zorg-voorbeeld",
    "DkimKey": "zorg-voorbeeld-dkim",
    "NtaRecord": "zorg-voorbeeld-nta",
}
WRITES = {"DnsProvider": 2, "MailDomain": 2, "NtaRecord": 2, "DkimKey": 5, "Secret": 3, "Event": 3}
"""What they cost at most. A key is prepared, published and switched to: each is a write of the Secret, and an
Event, and shows in the status; where a loaded server answers late, Propagating shows as well."""
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True)
class Published:
    """The quickstart, applied and ready."""

    world: World
    month: datetime
    """When it was applied."""
    kubernetes_writes: dict[str, float]
    """What the operator wrote to the Kubernetes API for it, by kind."""


@pytest.fixture(scope="module")
def published(new_world) -> Iterator[Published]:
    with new_world('@ IN TXT "MS=ms12345678"') as world:
        month, before = datetime.now(AMSTERDAM), _writes(world)
        world.apply(world.quickstart())
        for kind, name in QUICKSTART.items():
            world.wait_ready(kind, name)
        (selector,) = wait_switched(world, QUICKSTART["DkimKey"])
        wait_state(world, selector, "Active", QUICKSTART["DkimKey"])
        yield Published(world, month, {kind: count - before[kind] for kind, count in _writes(world).items()})


def _writes(world: World) -> dict[str, float]:
    return {kind: world.writes(kind) for kind in WRITES}


def dig(world: World, name: str) -> list[str]:
    """The TXT values that dig shows."""
    server = ["@" + world.server.address, "-p", str(world.server.port)]
    done = subprocess.run(
        ["dig", "+short", "+norecurse", *server, name, "TXT"], capture_output=True, text=True, check=True
    )
    return sorted(line.replace('" "', "").strip('"') for line in done.stdout.splitlines())


def nta_months(month: datetime) -> str:
    return f"startdate={month:%Y-%m};enddate={month.year + 3}-{month:%m}"


def test_spf_and_the_nta_record_stand_at_the_domain_beside_what_was_there(published) -> None:
    domain = published.world.domain
    assert dig(published.world, domain) == [
        "MS=ms12345678",
        f"v=NTA7516-1;{nta_months(published.month)};provider=zorgmail;ntamx=10 relay.zorgmail.nl",
        "v=spf1 ip4:192.0.2.0/28 ip6:2001:db8:25::/64 include:_spf.zorgmail.nl -all",
    ]


def test_dmarc_and_tls_rpt_stand_at_their_names(published) -> None:
    domain = published.world.domain
    assert dig(published.world, f"_dmarc.{domain}") == [f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}"]
    assert dig(published.world, f"_smtp._tls.{domain}") == [f"v=TLSRPTv1; rua=mailto:tls-reports@{domain}"]


def test_the_dkim_record_stands_at_the_selector_that_the_status_names(published) -> None:
    world = published.world
    (key,) = world.status("DkimKey", QUICKSTART["DkimKey"])["keys"]
    assert re.fullmatch(rf"ms{published.month.year}\d{{4}}-[a-z2-7]{{5}}", key["selector"])
    (record,) = dig(world, f"{key['selector']}._domainkey.{world.domain}")
    assert re.fullmatch(r"v=DKIM1; k=rsa; p=MII[A-Za-z0-9+/]{389}", record)


def test_kubectl_get_shows_every_resource_ready(published) -> None:
    listed = published.world.kubectl("get", "mailseal", "--no-headers")
    # Other tests of this process may have left ClusterDnsProviders, which are in no namespace.
    lines = (line for line in listed.splitlines() if line and not line.startswith("clusterdnsprovider."))
    rows = [line.split() for line in lines]
    assert len(rows) == len(QUICKSTART)
    assert all("True" in row for row in rows), listed


def test_the_statuses_list_the_records_as_they_stand_in_dns(published) -> None:
    world = published.world
    for kind, name in QUICKSTART.items():
        for record in world.status(kind, name).get("records", ()):
            assert record["state"] == "Published"
            assert record["value"] in dig(world, record["name"])
    names = {record["name"] for record in world.status("MailDomain", QUICKSTART["MailDomain"])["records"]}
    assert names == {world.domain, f"_dmarc.{world.domain}", f"_smtp._tls.{world.domain}"}


def test_a_resource_costs_two_writes_and_a_dkim_key_those_of_its_steps_besides(published) -> None:
    assert all(published.kubernetes_writes[kind] <= most for kind, most in WRITES.items()), (
        published.kubernetes_writes
    )


def test_nothing_is_written_while_nothing_changes_even_if_the_file_is_applied_again(published) -> None:
    world = published.world
    writes, serial = world.writes(), world.zone.serial
    world.apply(world.quickstart())
    world.wait_for_syncs(2, "settled")
    assert (world.writes(), world.zone.serial) == (writes, serial)
