"""The rfc2136 provider on a secondary: one that forwards updates works, any other says where to turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailseal.providers.base import ProviderError, Raced, Refused
from mailseal.providers.rfc2136 import Rfc2136Provider
from mailseal.records.change import RRsetChange
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData
from support.servers import BindServer, KnotServer, NameServer, TsigSecret, wait_until

ZONE = DnsName("sec.example")
KEY = RRsetKey(DnsName("x.sec.example"), RecordType.TXT)
CREATION = RRsetChange(KEY, None, RRset(KEY, 300, (TxtData.of("ours"),)))
FORWARDING = "allow-update-forwarding { any; };"


def secondary_of(primary: BindServer, key: TsigSecret, access: str = "") -> BindServer:
    return BindServer(primary=primary, keys=(key,), access=access)


def open_at(server: NameServer, key: TsigSecret) -> Rfc2136Provider:
    return Rfc2136Provider.from_settings(
        {"server": server.address, "port": server.port, "tsigKeyName": key.name},
        {"tsig-secret": key.secret.encode()},
    )


@pytest.fixture(scope="module")
def key() -> TsigSecret:
    return TsigSecret()


@pytest.fixture
def primary(key: TsigSecret) -> Iterator[BindServer]:
    with BindServer((ZONE,), keys=(key,)) as running:
        yield running


@pytest.mark.parametrize("kind", ["bind", "knot"])
async def test_an_update_is_forwarded_with_its_signature_and_its_prerequisites(
    primary: BindServer, key: TsigSecret, kind: str
) -> None:
    """Knot forwards what its access list lets through, BIND where it is told to."""
    with (
        secondary_of(primary, key, FORWARDING)
        if kind == "bind"
        else KnotServer({}, primary=primary, keys=(key,))
    ) as secondary:
        provider = open_at(secondary, key)
        await provider.apply(ZONE, [CREATION])

        assert primary.query(KEY.name, "TXT") is not None
        with pytest.raises(Raced):
            await provider.apply(ZONE, [CREATION])
        wait_until(lambda: secondary.query(KEY.name, "TXT") is not None, 10, "the record transferred")
        assert set(await provider.read(ZONE, [KEY])) == {KEY}


@pytest.mark.parametrize("access", ["", "allow-update-forwarding { none; };"], ids=["unset", "denied"])
async def test_a_secondary_that_forwards_nothing_says_to_name_the_primary(
    primary: BindServer, key: TsigSecret, access: str
) -> None:
    with secondary_of(primary, key, access) as secondary:
        provider = open_at(secondary, key)
        assert await provider.read(ZONE, [KEY]) == {}
        with pytest.raises(ProviderError, match=r"secondary.*name (its|the) primary") as caught:
            await provider.apply(ZONE, [CREATION])

    assert not isinstance(caught.value, Raced | Refused)
    assert not caught.value.retryable
    assert primary.query(KEY.name, "TXT") is None


async def test_a_secondary_that_forwards_to_a_dead_primary_leaves_the_record_to_later(
    primary: BindServer, key: TsigSecret
) -> None:
    with secondary_of(primary, key, FORWARDING) as secondary:
        primary.stop()
        with pytest.raises(ProviderError) as caught:
            await open_at(secondary, key).apply(ZONE, [CREATION])

    assert caught.value.retryable
