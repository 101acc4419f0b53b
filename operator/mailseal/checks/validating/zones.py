"""What the DS records above a zone and its own keys say of it (RFC 4035 section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import dns.dnssec
import dns.exception
import dns.name
import dns.rdatatype
import dns.rrset

from mailseal.checks.answers import Security
from mailseal.checks.links import Link, Resolution
from mailseal.checks.validating.algorithms import DS, algorithm_name, digest_name
from mailseal.checks.validating.denial import Cut
from mailseal.checks.validating.proofs import read_proofs
from mailseal.checks.validating.signatures import DNSKEY, Flaw, signatures_of, verify, zone_keys
from mailseal.checks.wording import told, told_type

MAX_KEYS_COMPARED: Final = 16
"""Keys of one zone that are compared with the DS records above it, and as many of these."""


@dataclass(frozen=True, slots=True)
class Zone:
    """The zone that holds a name, or the point above the name where the chain of trust ends."""

    apex: dns.name.Name
    security: Security
    reason: str = ""
    """Why it is not secure, for people."""
    keys: tuple[DNSKEY, ...] = ()


def judge_delegation(
    above: Zone, name: dns.name.Name, resolution: Resolution, now: datetime
) -> Zone | tuple[DS, ...]:
    """What the secure zone above says of `name` when it is asked for DS.

    That zone itself when no other starts at `name`; the DS records of a signed one; else what ends the chain.
    """
    if not resolution.links:
        reason = f"no answer about the DS records of {told(name)}: {resolution.fault}"
        return Zone(name, Security.INDETERMINATE, reason)
    link = resolution.links[0]
    if link.rrset is None:
        return _judge_absence(above, name, link, now)
    verified = _verify(link, link.rrset, above.apex, above.keys, now)
    if isinstance(verified, Flaw):
        where = f"the {told_type(link.rdtype)} record of {told(name)} in {told(above.apex)}"
        return Zone(name, Security.BOGUS, f"{where}: {verified.reason}")
    if link.rdtype != dns.rdatatype.DS:
        return above  # an alias, beside which no zone starts
    return tuple(rdata for rdata in link.rrset if isinstance(rdata, DS))


def unsupported(apex: dns.name.Name, records: Sequence[DS]) -> Zone:
    """A zone that is signed only with what is not known here counts as unsigned (RFC 4035 section 5.2)."""
    used = sorted({f"{algorithm_name(ds.algorithm)} with {digest_name(ds.digest_type)}" for ds in records})
    reason = f"{told(apex)} is signed only with what validators do not support: {', '.join(used)}"
    return Zone(apex, Security.INSECURE, reason)


def judge_keys(apex: dns.name.Name, vouchers: Sequence[DS], resolution: Resolution, now: datetime) -> Zone:
    """The zone with its keys, when one of them has a DS record in `vouchers` and has signed them all."""
    if not resolution.links:
        reason = f"no answer about the keys of {told(apex)}: {resolution.fault}"
        return Zone(apex, Security.INDETERMINATE, reason)
    link = resolution.links[0]
    if link.rrset is None or link.rdtype != dns.rdatatype.DNSKEY:
        return Zone(apex, Security.BOGUS, f"{told(apex)} has a DS record, but no keys")
    keys = zone_keys(link.rrset)
    trusted = _vouched_for(apex, keys, vouchers)
    if not trusted:
        tags = ", ".join(sorted({str(ds.key_tag) for ds in vouchers}))
        return Zone(apex, Security.BOGUS, f"{told(apex)} has no key that fits its DS record ({tags})")
    verified = _verify(link, link.rrset, apex, trusted, now)
    if isinstance(verified, Flaw):
        return Zone(apex, Security.BOGUS, f"the key set of {told(apex)}: {verified.reason}")
    return Zone(apex, Security.SECURE, keys=keys)


def is_stripped(resolution: Resolution) -> bool:
    """True when the keys came without any signature, although those of a trust anchor are always signed."""
    return any(
        link.rrset is not None and not signatures_of(link.response, link.response.answer, link.rrset)
        for link in resolution.links
    )


def _judge_absence(above: Zone, name: dns.name.Name, link: Link, now: datetime) -> Zone:
    proofs = read_proofs(link.response, above.apex, above.keys, now)
    cut = max(denial.cut(name) for denial in proofs.denials)
    if cut is Cut.NONE:
        return above
    if cut is Cut.UNSIGNED:
        return Zone(name, Security.INSECURE, f"{told(above.apex)} has no DS record for {told(name)}")
    reason = f"{told(above.apex)} does not prove that {told(name)} has no DS record: {proofs.flaw}"
    return Zone(name, Security.BOGUS, reason)


def _verify(
    link: Link, rrset: dns.rrset.RRset, zone: dns.name.Name, keys: Sequence[DNSKEY], now: datetime
) -> Flaw | None:
    """Why it is not signed by `keys`; a wildcard makes no delegation and no key."""
    verified = verify(rrset, signatures_of(link.response, link.response.answer, rrset), zone, keys, now)
    if isinstance(verified, Flaw):
        return verified
    if verified.encloser is not None and link.target is None:
        return Flaw("it is made from a wildcard")
    return None


def _vouched_for(apex: dns.name.Name, keys: Sequence[DNSKEY], vouchers: Sequence[DS]) -> tuple[DNSKEY, ...]:
    """The keys that one of the DS records is made from (RFC 4034 section 5.2)."""
    named = {(ds.algorithm, ds.key_tag) for ds in vouchers}
    candidates = [key for key in keys if (key.algorithm, dns.dnssec.key_id(key)) in named]
    return tuple(
        key
        for key in candidates[:MAX_KEYS_COMPARED]
        if any(_is_made_from(apex, key, ds) for ds in vouchers[:MAX_KEYS_COMPARED])
    )


def _is_made_from(apex: dns.name.Name, key: DNSKEY, ds: DS) -> bool:
    try:
        made = dns.dnssec.make_ds(apex, key, ds.digest_type, validating=True)
    except (dns.exception.DNSException, ValueError):
        return False
    return bool(made == ds)
