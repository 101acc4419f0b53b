"""What DNSSEC says of an answer: each RRset on the way to it is judged, and the weakest one counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import dns.name
import dns.rdatatype
import dns.rrset

from mailseal.checks.answers import Presence, Security, Validation, Validity, weakest
from mailseal.checks.links import Link, Resolution
from mailseal.checks.validating.anchors import TrustAnchors
from mailseal.checks.validating.chain import Chain, Resolve
from mailseal.checks.validating.denial import Denial, Proof
from mailseal.checks.validating.proofs import denying, read_proofs
from mailseal.checks.validating.signatures import Flaw, Verified, signatures_of, verify
from mailseal.checks.validating.zones import Zone
from mailseal.checks.wording import told, told_type


class Validator:
    """Validates answers as of one point in time. It raises nothing that a server could cause."""

    def __init__(self, anchors: TrustAnchors, now: datetime, resolve: Resolve) -> None:
        self._now = now
        self._chain = Chain(anchors, now, resolve)

    async def validate(self, resolution: Resolution) -> Validation:
        """What DNSSEC says of this answer (RFC 4035 section 4.3)."""
        found = [await self._judge(link) for link in resolution.links]
        if resolution.fault:
            found.append(Validation(Security.INDETERMINATE, resolution.fault, resolution.name))
        decides = weakest(found)
        if decides.security is not Security.SECURE:
            return decides
        validities = [one.validity for one in found if one.validity is not None]
        return Validation(Security.SECURE, zone=found[-1].zone, validity=_ends_first(validities))

    async def close(self) -> None:
        """End what is under way."""
        await self._chain.close()

    async def _judge(self, link: Link) -> Validation:
        owner = link.name if link.rrset is None else link.rrset.name
        home = owner.parent() if link.rdtype == dns.rdatatype.DS and owner != dns.name.root else owner
        signer = _signer(link, home)
        zone = await self._chain.zone_of(home if signer is None else signer)
        found = self._judge_in(zone, link)
        if signer is None or (zone.security is Security.SECURE and found.security is not Security.BOGUS):
            return found
        # The signer may be a zone above that an alias leads through, or an unsigned one above an island.
        own = self._judge_in(await self._chain.zone_of(home), link)
        return found if own.security is Security.BOGUS else own

    def _judge_in(self, zone: Zone, link: Link) -> Validation:
        """What `link` deserves when `zone` holds it."""
        if zone.security is not Security.SECURE:
            return Validation(zone.security, zone.reason, zone.apex)
        if link.rrset is None:
            return self._judge_absence(link, zone)
        return self._judge_data(link, link.rrset, zone)

    def _judge_data(self, link: Link, rrset: dns.rrset.RRset, zone: Zone) -> Validation:
        signatures = signatures_of(link.response, link.response.answer, rrset)
        verified = verify(rrset, signatures, zone.apex, zone.keys, self._now)
        if isinstance(verified, Flaw):
            return _bogus(zone, f"{_told(link)}: {verified.reason}")
        if verified.encloser is None:
            return Validation(Security.SECURE, zone=zone.apex, validity=verified.validity)
        return self._judge_wildcard(link, zone, verified, verified.encloser)

    def _judge_wildcard(
        self, link: Link, zone: Zone, verified: Verified, encloser: dns.name.Name
    ) -> Validation:
        """A wildcard counts only where nothing closer exists (RFC 4035 section 5.3.4)."""
        proofs = read_proofs(link.response, zone.apex, zone.keys, self._now)
        proof = max(denial.no_closer(link.name, encloser) for denial in proofs.denials)
        validity = _ends_first((verified.validity, *proofs.validities))
        wildcard = f"that *.{told(encloser)} stands for {told(link.name)}"
        return _by_proof(proof, zone, f"it is not proven {wildcard}: {proofs.flaw}", validity)

    def _judge_absence(self, link: Link, zone: Zone) -> Validation:
        proofs = read_proofs(link.response, zone.apex, zone.keys, self._now)
        proof = max(_absence(denial, link) for denial in proofs.denials)
        what = _told(link) if link.presence is Presence.NO_DATA else f"the name {told(link.name)}"
        reason = f"it is not proven that {what} does not exist: {proofs.flaw}"
        return _by_proof(proof, zone, reason, _ends_first(proofs.validities))


def _signer(link: Link, home: dns.name.Name) -> dns.name.Name | None:
    """The zone nearest to `home` that claims to have signed it; None where none does."""
    response = link.response
    if link.rrset is not None:
        signed, section = [link.rrset], response.answer
    else:
        signed, section = denying(response), response.authority
    signers = (sig.signer for rrset in signed for sig in signatures_of(response, section, rrset))
    return max((signer for signer in signers if home.is_subdomain(signer)), key=len, default=None)


def _absence(denial: Denial, link: Link) -> Proof:
    if link.presence is Presence.NO_NAME:
        return denial.no_name(link.name)
    return denial.no_data(link.name, link.rdtype)


def _by_proof(proof: Proof, zone: Zone, missing: str, validity: Validity | None) -> Validation:
    if proof is Proof.WHOLE:
        return Validation(Security.SECURE, zone=zone.apex, validity=validity)
    if proof is Proof.UNSIGNED:
        reason = f"{told(zone.apex)} leaves open what is there (NSEC3 opt-out or too many iterations)"
        return Validation(Security.INSECURE, reason, zone.apex)
    return _bogus(zone, missing)


def _bogus(zone: Zone, reason: str) -> Validation:
    return Validation(Security.BOGUS, reason, zone.apex)


def _ends_first(validities: Iterable[Validity]) -> Validity | None:
    return min(validities, key=lambda validity: validity.until, default=None)


def _told(link: Link) -> str:
    owner = link.name if link.rrset is None else link.rrset.name
    return f"the {told_type(link.rdtype)} record of {told(owner)}"
