"""Which addresses the checks may connect to."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.addresses import is_reachable

_PUBLIC = (
    *("8.8.8.8", "1.1.1.1", "145.97.0.1", "2a00:1450:400e::1", "2001:4860:4860::8888"),
    *("::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"),
)
_PRIVATE = (
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "127.255.255.254"),
    *("169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1"),
    *("198.51.100.1", "203.0.113.1", "240.0.0.1", "168.63.129.16", "0.1.2.3"),
    *("::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "2001:db8::1", "3fff::1"),
    *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1", "::8.8.8.8"),
    *("64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::808:808"),
    *("2002:a00:1::1", "2002:7f00:1::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "4000::1", "5f00::1"),
)
_NEVER = (
    *("0.0.0.0", "255.255.255.255", "224.0.0.1", "239.255.255.255", "::", "ff02::1", "ff0e::1"),
    *("::ffff:0.0.0.0", "::ffff:224.0.0.1", "64:ff9b::e000:1", "::ffff:255.255.255.255"),
    *("", "localhost", "example.nl", "8.8.8", "8.8.8.8:25", "[::1]", "0x7f.1", "1.2.3.4/32", "08.8.8.8"),
)
_PRIVATE_NETWORKS = tuple(
    ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")
)
private = st.one_of(
    *(st.integers(int(net[0]), int(net[-1])).map(ipaddress.IPv4Address) for net in _PRIVATE_NETWORKS)
)


@pytest.mark.parametrize("address", _PUBLIC)
def test_public_addresses_are_reachable(address: str) -> None:
    assert is_reachable(address, allow_private=False)
    assert is_reachable(address, allow_private=True)


@pytest.mark.parametrize("address", _PRIVATE)
def test_private_addresses_only_where_allowed(address: str) -> None:
    assert not is_reachable(address, allow_private=False)
    assert is_reachable(address, allow_private=True)


@pytest.mark.parametrize("address", _NEVER)
def test_what_is_no_unicast_address_is_never_reachable(address: str) -> None:
    assert not is_reachable(address, allow_private=False)
    assert not is_reachable(address, allow_private=True)


@given(private)
def test_no_form_of_a_private_address_is_reachable(address: ipaddress.IPv4Address) -> None:
    """However an IPv4 address is wrapped into an IPv6 address, it stays what it is."""
    number = int(address)
    wrapped = (
        (0xFFFF << 32) | number,  # mapped
        number,  # compatible
        (0x64FF9B << 96) | number,  # NAT64
        (0x2002 << 112) | (number << 80) | 1,  # 6to4
        (0x20010000 << 96) | (number << 64) | 1,  # Teredo server
        (0x20010000 << 96) | (0x08080808 << 64) | (number ^ 0xFFFFFFFF),  # Teredo client
    )
    assert not is_reachable(str(address), allow_private=False)
    for form in wrapped:
        assert not is_reachable(str(ipaddress.IPv6Address(form)), allow_private=False)


@given(st.ip_addresses(v=6))
def test_what_is_allowed_is_global(address: ipaddress.IPv6Address) -> None:
    if is_reachable(str(address), allow_private=False):
        assert address.is_global
        assert not address.is_multicast


@given(st.text())
def test_any_text_is_decided(text: str) -> None:
    """Nothing that stands in a record raises."""
    assert is_reachable(text, allow_private=False) <= is_reachable(text, allow_private=True)
