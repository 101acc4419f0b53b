"""The options of `mailseal operator` that say what a DnsProvider of a namespace may do."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Annotated

import typer

from mailseal.providers.reach import Network

AmbientCredentials = Annotated[
    bool,
    typer.Option(
        "--namespaced-ambient-credentials/--no-namespaced-ambient-credentials",
        help="A DnsProvider without a Secret uses the operator's own credentials at a cloud. Every namespace "
        "can then write all that the operator can.",
    ),
]
_OPEN = "--namespaced-provider-network"
_CLOSED = "--namespaced-provider-closed-network"
OpenNetworks = Annotated[
    list[str] | None,
    typer.Option(
        _OPEN,
        metavar="CIDR",
        help="Network that a DnsProvider may connect to although it is closed to it otherwise, such as "
        "127.0.0.0/8. Repeatable.",
    ),
]
ClosedNetworks = Annotated[
    list[str] | None,
    typer.Option(
        _CLOSED,
        metavar="CIDR",
        help="Network that a DnsProvider must not connect to, such as the cluster's own. Repeatable.",
    ),
]


def open_networks(texts: Sequence[str] | None) -> tuple[Network, ...]:
    """The networks of `--namespaced-provider-network`. Raises `typer.BadParameter`."""
    return _networks(texts or (), _OPEN)


def closed_networks(texts: Sequence[str] | None) -> tuple[Network, ...]:
    """The networks of `--namespaced-provider-closed-network`. Raises `typer.BadParameter`."""
    return _networks(texts or (), _CLOSED)


def _networks(texts: Sequence[str], option: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        raise typer.BadParameter(f"{error}: write a network such as 10.0.0.0/8", param_hint=option) from None
