"""What a provider's spec opens, and the backend that nobody serves as its own proof."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailseal.domain.provider import DnsProviderSpec
from mailseal.engine.backends import ReadBack, open_backend
from mailseal.observing.authoritative import AuthoritativeObserver
from mailseal.providers.base import InvalidConfiguration, Unavailable
from mailseal.providers.memory import MemoryBackend, MemoryProvider
from mailseal.providers.zonefile import ZoneFileProvider
from support.engine_world import rrset
from support.manifests import VALID
from support.planning_world import APEX, DMARC, ZONE

MEMORY = {"type": "memory", "memory": {}}


@pytest.fixture
def backend() -> MemoryBackend:
    made = MemoryBackend([ZONE])
    made.put(rrset(APEX, "here"))
    return made


def read_back(backend: MemoryBackend) -> ReadBack:
    return ReadBack(MemoryProvider(backend), ZONE)


async def test_what_is_read_back_as_expected_lags_nowhere(backend) -> None:
    assert await read_back(backend).lags([(APEX, b"here")], [(APEX, b"gone"), (DMARC, b"gone")]) == ()


async def test_what_is_not_read_back_lags(backend) -> None:
    (lag,) = await read_back(backend).lags([(APEX, b"wanted")], [])
    assert lag.key == APEX
    assert str(lag.server) == "the memory backend"


async def test_a_removed_value_that_is_read_back_lags(backend) -> None:
    (lag,) = await read_back(backend).lags([], [(APEX, b"here")])
    assert lag.problem == "still answers a removed value"


async def test_a_backend_that_cannot_be_read_proves_nothing(backend) -> None:
    backend.faults.errors.append(Unavailable("silent"))
    lags = await read_back(backend).lags([(APEX, b"here")], [(DMARC, b"gone")])
    assert {lag.key for lag in lags} == {APEX, DMARC}
    assert all("silent" in lag.problem for lag in lags)


async def test_nothing_is_asked_where_nothing_is_expected(backend) -> None:
    assert await read_back(backend).lags([], []) == ()
    assert backend.reads == 0


async def test_nothing_is_cached_of_what_is_in_memory(backend) -> None:
    assert await read_back(backend).negative_caching_time() == timedelta(0)


async def test_the_negative_caching_time_of_a_zone_file_is_that_of_its_soa(tmp_path) -> None:
    """The lower one of the SOA's TTL and its MINIMUM (RFC 2308 section 5)."""
    observer = ReadBack(ZoneFileProvider(tmp_path), ZONE)
    assert await observer.negative_caching_time() is None
    soa = f"{ZONE}. 600 IN SOA ns.{ZONE}. host.{ZONE}. 1 3600 600 86400 900"
    (tmp_path / f"{ZONE}.zone").write_text(f"{soa}\n{ZONE}. 600 IN NS ns.example.\n")
    assert await observer.negative_caching_time() == timedelta(seconds=600)


def test_a_backend_without_servers_is_its_own_proof() -> None:
    opened = open_backend(DnsProviderSpec.model_validate(MEMORY), {})
    assert isinstance(opened.observer(ZONE), ReadBack)


def test_servers_that_the_user_names_are_asked_whatever_the_backend() -> None:
    opened = open_backend(DnsProviderSpec.model_validate({**MEMORY, "nameservers": ["127.0.0.1:53"]}), {})
    assert isinstance(opened.observer(ZONE), AuthoritativeObserver)


def test_the_servers_of_a_zone_on_a_name_server_are_found_through_its_delegation() -> None:
    opened = open_backend(
        DnsProviderSpec.model_validate(VALID["DnsProvider"]), {"tsig-secret": b"c2VjcmV0c2VjcmV0"}
    )
    assert isinstance(opened.observer(ZONE), AuthoritativeObserver)


def test_a_missing_credential_is_an_invalid_configuration() -> None:
    with pytest.raises(InvalidConfiguration, match="tsig-secret"):
        open_backend(DnsProviderSpec.model_validate(VALID["DnsProvider"]), {})
