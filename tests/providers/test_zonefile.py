"""The zonefile provider's own features: whole files, other people's records, locks and links."""

from __future__ import annotations

import asyncio
import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import dns.zone
import pytest

from mailseal.providers.base import (
    InvalidConfiguration,
    ProviderError,
    Raced,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.providers.zonefile import ZoneFileProvider, files
from mailseal.providers.zonefile.files import ZoneDirectory
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import CnameData, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

ZONE = DnsName("zorg.example")
KEY = RRsetKey(DnsName("_dmarc.zorg.example"), RecordType.TXT)
CREATION = RRsetChange(KEY, None, RRset(KEY, 60, (TxtData.of("v=DMARC1; p=none"),)))
TEXT = """$ORIGIN zorg.example.
$TTL 3600
@ SOA ns1 hostmaster 4294967295 3600 600 86400 60
@ NS ns1
ns1 A 192.0.2.1
@ CAA 0 issue "ca.example"
_sip._tcp SRV 0 5 5060 sip
host 60 A 192.0.2.7
@ TXT "v=spf1 -all" ; a comment
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "zorg.example.zone").write_text(TEXT)
    return tmp_path


def provider_at(directory: Path, *zones: str) -> ZoneFileProvider:
    return ZoneFileProvider.from_settings({"path": str(directory), "zones": list(zones)}, {})


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


async def test_records_of_all_types_survive_a_write_and_the_serial_rises_past_its_end(
    directory: Path,
) -> None:
    path = directory / "zorg.example.zone"
    before = dns.zone.from_text(TEXT, relativize=False)

    await provider_at(directory).apply(ZONE, [CREATION])

    after = dns.zone.from_file(str(path), origin=ZONE.fqdn, relativize=False)
    assert after.find_rdataset("zorg.example.", "SOA")[0].to_text().split()[2] == "1"
    for name, node in before.nodes.items():
        for rdataset in node:
            if rdataset.rdtype.name != "SOA":
                assert after.get_rdataset(name, rdataset.rdtype) == rdataset


async def test_the_file_keeps_its_mode_and_nothing_else_stays_in_the_directory(directory: Path) -> None:
    path = directory / "zorg.example.zone"
    path.chmod(0o640)

    await provider_at(directory).apply(ZONE, [CREATION])

    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names_in(directory) == [".zorg.example.zone.lock", "zorg.example.zone"]


async def test_a_refused_or_raced_change_leaves_the_file_untouched(directory: Path) -> None:
    alias = RRsetKey(DnsName("host.zorg.example"), RecordType.CNAME)
    beside_address = RRsetChange(alias, None, RRset(alias, 60, (CnameData(DnsName("x.example")),)))
    provider = provider_at(directory)

    with pytest.raises(Refused, match="holds other records"):
        await provider.apply(ZONE, [CREATION, beside_address])
    with pytest.raises(Raced):
        await provider.apply(ZONE, [RRsetChange(KEY, CREATION.after, None)])

    assert (directory / "zorg.example.zone").read_text() == TEXT


async def test_a_failed_write_leaves_the_file_whole_and_no_rest(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        await provider_at(directory).apply(ZONE, [CREATION])

    assert (directory / "zorg.example.zone").read_text() == TEXT
    assert names_in(directory) == [".zorg.example.zone.lock", "zorg.example.zone"]


def test_an_editor_that_knows_no_lock_is_noticed(directory: Path) -> None:
    zones = ZoneDirectory(directory)
    with zones.locked(ZONE):
        (directory / "zorg.example.zone").write_text(TEXT + "new A 192.0.2.9\n")
        with pytest.raises(Raced):
            zones.replace(ZONE, TEXT, "ours")

    assert "192.0.2.9" in (directory / "zorg.example.zone").read_text()


async def test_a_lock_that_another_program_holds_is_waited_for_until_the_limit(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LOCK_SECONDS", 0.1)
    lock = directory / ".zorg.example.zone.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Unavailable, match="another program holds"):
            await provider_at(directory).apply(ZONE, [CREATION])

    await provider_at(directory).apply(ZONE, [CREATION])


WRITER = """
import asyncio, sys
from pathlib import Path
from mailseal.providers.base import Raced
from mailseal.providers.zonefile import ZoneFileProvider
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

async def main():
    zone, key = DnsName("zorg.example"), RRsetKey(DnsName("shared.zorg.example"), RecordType.TXT)
    provider = ZoneFileProvider(Path(sys.argv[1]))
    for number in range(10):
        while True:
            before = (await provider.read(zone, [key])).get(key)
            values = (*(before.values if before else ()), TxtData.of(f"{sys.argv[2]} {number}"))
            try:
                await provider.apply(zone, [RRsetChange(key, before, RRset(key, 60, values))])
            except Raced:
                continue
            break

asyncio.run(main())
"""


async def test_several_processes_lose_no_value(directory: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(directory), name],
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for name in ("a", "b", "c")
    ]
    codes = await asyncio.gather(*(asyncio.to_thread(writer.wait, 60) for writer in writers))

    assert codes == [0, 0, 0]
    key = RRsetKey(DnsName("shared.zorg.example"), RecordType.TXT)
    held = (await provider_at(directory).read(ZONE, [key]))[key]
    assert held.identities == {f"{name} {number}".encode() for name in "abc" for number in range(10)}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"this is no zone file\n", InvalidConfiguration),
        (b"@ 60 TXT no SOA\n", InvalidConfiguration),
        (b"$INCLUDE /etc/passwd\n", InvalidConfiguration),
        (b"\xff\xfe", InvalidConfiguration),
    ],
    ids=["syntax", "no SOA", "include", "not UTF-8"],
)
async def test_a_file_that_cannot_be_read_is_named(
    directory: Path, content: bytes, error: type[ProviderError]
) -> None:
    (directory / "bad.example.zone").write_bytes(content)
    provider = provider_at(directory)

    with pytest.raises(error, match=r"bad\.example"):
        await provider.read(DnsName("bad.example"), [])
    assert await provider.zones() == (ZONE,)


async def test_a_linked_file_is_refused_and_a_linked_directory_is_not(
    directory: Path, tmp_path: Path
) -> None:
    (directory / "linked.example.zone").symlink_to(directory / "zorg.example.zone")
    (tmp_path / "link").symlink_to(directory)

    with pytest.raises(InvalidConfiguration, match="symbolic link"):
        await provider_at(directory).read(DnsName("linked.example"), [])
    await provider_at(tmp_path / "link").apply(ZONE, [CREATION])
    assert "DMARC1" in (directory / "zorg.example.zone").read_text()


@pytest.mark.parametrize("zone", ["../zorg.example", "a/b", ""])
async def test_a_zone_name_cannot_lead_out_of_the_directory(directory: Path, zone: str) -> None:
    with pytest.raises(ZoneNotFound):
        await provider_at(directory).read(DnsName(zone), [])


async def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    provider = provider_at(tmp_path / "missing")

    with pytest.raises(InvalidConfiguration, match="missing"):
        await provider.zone_of(ZONE)
    with pytest.raises(ZoneNotFound, match="missing"):
        await provider.apply(ZONE, [CREATION])


@pytest.mark.parametrize(
    ("settings", "credentials"), [({}, {}), ({"path": "zones"}, {}), ({"path": "/zones"}, {"key": b"x"})]
)
def test_wrong_settings_are_refused(settings: dict[str, object], credentials: dict[str, bytes]) -> None:
    with pytest.raises(InvalidConfiguration):
        ZoneFileProvider.from_settings(settings, credentials)
