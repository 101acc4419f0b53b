"""The evaluator and pyspf say the same of random records, but for what is named here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import spf as pyspf
from hypothesis import assume, given, settings

from mailseal.checks.spf import SpfCode, SpfResult, check_host
from mailseal.checks.spf.model import IpAddress
from support.spf_worlds import IP4, NAMES, ROOT, Records, World, WorldResolver, clients, worlds

SENDER = f"info@{ROOT}"


@contextmanager
def pyspf_in(world: World) -> Iterator[None]:
    """Have pyspf look up the names of `world`."""

    def look_up(name: str, kind: str, *_: object) -> list[tuple[tuple[str, str], Any]]:
        if name in world.silent:
            raise pyspf.TempError("time-out")
        records = world.names.get(name)
        if records is None or kind == "SPF":
            return []
        return [((name, kind), _value(kind, text)) for text in records.of(kind)]

    before = pyspf.DNSLookup
    pyspf.DNSLookup = look_up
    try:
        yield
    finally:
        pyspf.DNSLookup = before


def _value(kind: str, text: str) -> Any:
    match kind:
        case "TXT":
            return [text.encode("latin-1")]
        case "MX":
            return 10, text
        case "PTR":
            return text.removesuffix(".")
    return text


def by_pyspf(world: World, ip: IpAddress) -> tuple[str, str]:
    """The result of pyspf, and what it says of an error."""
    with pyspf_in(world):
        code, _, told = pyspf.query(i=str(ip), s=SENDER, h=ROOT, strict=True).check()
    return code, told


def by_mailseal(world: World, ip: IpAddress) -> SpfResult:
    return asyncio.run(check_host(ip, ROOT, SENDER, ROOT, WorldResolver(world)))


def differs_knowingly(world: World, told: str) -> bool:
    """True for the errors that only pyspf reports; the tests below show each."""
    if "trivial recursion" in told:
        return True
    has_ptr = any("ptr" in text for records in world.names.values() for text in records.texts)
    return has_ptr and ("Void lookup limit" in told or "time-out" in told)


@settings(max_examples=400)
@given(worlds, clients)
def test_the_results_are_those_of_pyspf(world: World, ip: IpAddress) -> None:
    code, told = by_pyspf(world, ip)
    assume(not differs_knowingly(world, told))
    found = by_mailseal(world, ip)
    assert found.code == code, (told, found)


def test_a_record_that_includes_itself_is_read_as_far_as_a_sender_gets() -> None:
    """RFC 7208 knows only the limit of ten terms; pyspf refuses the record before it tries a term."""
    world = World({ROOT: Records((f"v=spf1 ip4:{IP4[0]} include:{ROOT} -all",))})
    assert by_pyspf(world, ip_address(IP4[0]))[0] == "permerror"
    assert by_mailseal(world, ip_address(IP4[0])).code is SpfCode.PASS
    assert by_mailseal(world, ip_address(IP4[1])).code is SpfCode.PERMERROR


def test_a_fault_of_dns_hides_a_name_of_the_client_and_is_no_error() -> None:
    """RFC 7208 section 5.5: the name is skipped; pyspf says temperror."""
    world = _with_pointers("ptr -all", NAMES[1:2], silent=frozenset(NAMES[1:2]))
    assert by_pyspf(world, ip_address(IP4[0]))[0] == "temperror"
    assert by_mailseal(world, ip_address(IP4[0])).code is SpfCode.FAIL


def test_names_of_the_client_without_address_do_not_count_as_void_look_ups() -> None:
    """The client chooses them, not the domain whose record it is; pyspf counts them."""
    world = _with_pointers("ptr -all", NAMES[1:4])
    assert by_pyspf(world, ip_address(IP4[0]))[0] == "permerror"
    assert by_mailseal(world, ip_address(IP4[0])).code is SpfCode.FAIL


def _with_pointers(terms: str, names: tuple[str, ...], silent: frozenset[str] = frozenset()) -> World:
    pointers = Records(ptr=tuple(f"{name}." for name in names))
    client = ip_address(IP4[0]).reverse_pointer
    return World({ROOT: Records((f"v=spf1 {terms}",)), client: pointers}, silent)
