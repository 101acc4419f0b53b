"""All checks: what examines each subject, and all that can be said."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType

from mailseal.checks import hitches
from mailseal.checks.dkim import examine_dkim
from mailseal.checks.dmarc import examine_dmarc
from mailseal.checks.dnssec import examine_dnssec
from mailseal.checks.hosts import examine_dane, examine_mx, examine_ntamx
from mailseal.checks.model import Check, Subject, Verdict
from mailseal.checks.mta_sts import examine_mta_sts
from mailseal.checks.nta import examine_nta7516
from mailseal.checks.spf import examine_spf
from mailseal.checks.tls_rpt import examine_tls_rpt
from mailseal.checks.tools import Examine

EXAMINERS: Mapping[Subject, Examine] = MappingProxyType(
    {
        Subject.NTA7516: examine_nta7516,
        Subject.NTAMX: examine_ntamx,
        Subject.MX: examine_mx,
        Subject.DANE: examine_dane,
        Subject.DNSSEC: examine_dnssec,
        Subject.SPF: examine_spf,
        Subject.DKIM: examine_dkim,
        Subject.DMARC: examine_dmarc,
        Subject.MTA_STS: examine_mta_sts,
        Subject.TLS_RPT: examine_tls_rpt,
    }
)
"""What examines each subject, in the order in which people read the findings."""
_PACKAGE = hitches.__name__.rpartition(".")[0] + "."


@cache
def verdicts() -> Mapping[str, Verdict]:
    """Every verdict of every module of `mailseal.checks`, by its id, in the order of subjects and checks.

    Raises `ValueError` when two different ones have the same id.
    """
    found: dict[str, Verdict] = {}
    for verdict in _constants():
        if found.setdefault(verdict.id, verdict) != verdict:
            raise ValueError(f"two verdicts have the id {verdict.id}")
    order = tuple(Subject)
    in_order = sorted(found.values(), key=lambda verdict: order.index(verdict.check.subject))
    return MappingProxyType({verdict.id: verdict for verdict in in_order})


@cache
def checks() -> Mapping[str, Check]:
    """Every check that has a verdict, by its id. Raises `ValueError` when two have the same id."""
    found: dict[str, Check] = {}
    for verdict in verdicts().values():
        if found.setdefault(verdict.check.id, verdict.check) != verdict.check:
            raise ValueError(f"two checks have the id {verdict.check.id}")
    return MappingProxyType(found)


def _constants() -> Iterator[Verdict]:
    """The verdicts in the modules of `mailseal.checks`: importing the examiners has loaded all that speak."""
    for name, module in sorted(sys.modules.items()):
        if name.startswith(_PACKAGE):
            for value in vars(module).values():
                yield from _verdicts_in(value)


def _verdicts_in(value: object) -> Iterable[Verdict]:
    """The verdicts that a constant is or holds."""
    if isinstance(value, Verdict):
        return (value,)
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple | list | frozenset):
        return tuple(part for part in value if isinstance(part, Verdict))
    return ()
