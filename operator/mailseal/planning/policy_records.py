"""The values that a MailDomain wants, made from its spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mailseal.domain.dmarc import DmarcSpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.spf import SpfSpec
from mailseal.planning.dmarc_rollout import RolloutFacts, RolloutPlan, Stage, decide, dmarc_records
from mailseal.planning.places import Singleton, place_of
from mailseal.planning.reasons import Reason
from mailseal.planning.wishes import Scene, Wishes
from mailseal.records.dmarc import Dmarc, DmarcPolicy
from mailseal.records.mta_sts import MtaSts
from mailseal.records.names import DnsName
from mailseal.records.rrset import MxData, Rdata
from mailseal.records.tls_rpt import TlsRpt
from mailseal.records.txt import TxtData

POLICY_SINGLETONS = (
    Singleton.SPF,
    Singleton.DMARC,
    Singleton.MTA_STS,
    Singleton.TLS_RPT,
    Singleton.NULL_MX,
)
"""What a MailDomain may own."""
LONG_SPF_BYTES = 450
"""RFC 7208 section 3.4: answers over UDP stay whole with values up to about this size."""


def policy_values(spec: MailDomainSpec) -> Mapping[Singleton, Callable[[], Rdata]]:
    """How to make each wanted value; a call raises `InvalidRecord` when the spec makes no valid record."""
    if spec.parked:
        return {
            Singleton.SPF: lambda: TxtData.of(SpfSpec().record.to_text()),
            Singleton.DMARC: lambda: TxtData.of(Dmarc(DmarcPolicy.REJECT).to_text()),
            Singleton.NULL_MX: lambda: MxData(0, DnsName("")),
        }
    makers: dict[Singleton, Callable[[], Rdata]] = {}
    if (spf := spec.spf) is not None:
        makers[Singleton.SPF] = lambda: TxtData.of(spf.record.to_text())
    if (dmarc := spec.dmarc) is not None:
        makers[Singleton.DMARC] = lambda: TxtData.of(dmarc.record.to_text())
    if (mta_sts := spec.mta_sts) is not None:
        makers[Singleton.MTA_STS] = lambda: TxtData.of(MtaSts(mta_sts.id).to_text())
    if (tls_rpt := spec.tls_rpt) is not None:
        makers[Singleton.TLS_RPT] = lambda: TxtData.of(TlsRpt(tls_rpt.rua).to_text())
    return makers


def rollout_plan(dmarc: DmarcSpec) -> RolloutPlan:
    """What the spec asks for. Raises `InvalidRecord` when it makes no valid record."""
    stages = dmarc.rollout.stages if dmarc.rollout else ()
    before = tuple(Stage(stage.policy, stage.span) for stage in stages)
    return RolloutPlan(dmarc.record, before, dmarc.wait_for_dkim)


def held_to_dkim(scene: Scene, dmarc: DmarcSpec, wishes: Wishes) -> Wishes:
    """The wish for the DMARC record as far as the rollout and DKIM let it go now."""
    if not wishes.contributions:
        return wishes
    place = place_of(Singleton.DMARC, scene.claim.domain)
    rrset = scene.observed.get(place.key)
    standing = [value.text for value in rrset.values if isinstance(value, TxtData)] if rrset else []
    claim = scene.claim
    facts = RolloutFacts(scene.now, claim.dkim_works, dmarc_records(standing), claim.dmarc_rollout)
    decision = decide(rollout_plan(dmarc), facts)
    reason = Reason.WAITING_FOR_DKIM if decision.waiting else ""
    value = TxtData.of(decision.record.to_text())
    wanted = scene.contribute(place, value, reason, decision.waiting)
    return Wishes((wanted,), warnings=(decision.remark,) if decision.remark else ())


def spf_warnings(value: Rdata) -> tuple[str, ...]:
    """What the user should know about an SPF value that is valid."""
    size_bytes = len(value.identity)
    if size_bytes <= LONG_SPF_BYTES:
        return ()
    return (
        f"the SPF record has {size_bytes} bytes; over {LONG_SPF_BYTES}, some receivers get a truncated "
        "answer (RFC 7208 section 3.4): remove mechanisms or gather them in an include",
    )
