"""The DMARC part of a MailDomain."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.checks import Check, matching
from mailseal.domain.common import Model
from mailseal.domain.durations import PositiveDurationText, parse_duration
from mailseal.domain.lists import ATOMIC, SET
from mailseal.records import dmarc
from mailseal.records.dmarc import Dmarc, DmarcPolicy

MAILTO = (
    r"mailto:(?:[A-Za-z0-9._~$&'()*+=/-]|%[0-9A-Fa-f]{2})+"
    r"@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z][A-Za-z0-9-]{0,62}"
)
MailtoUri = Annotated[
    str,
    Field(max_length=320),
    matching(
        MAILTO,
        "write a mailto: URI with one mailbox and without size limit, such as "
        "mailto:dmarc@zorg-voorbeeld.example",
    ),
]


class Alignment(StrEnum):
    """How close an authenticated domain must be to the one in the From header (RFC 9989)."""

    RELAXED = "relaxed"
    STRICT = "strict"

    @property
    def tag_value(self) -> dmarc.Alignment:
        """The same as the record writes it."""
        return {Alignment.RELAXED: dmarc.Alignment.RELAXED, Alignment.STRICT: dmarc.Alignment.STRICT}[self]


class RolloutStage(Model):
    """One policy on the way to the final one."""

    policy: DmarcPolicy = Field(description="The policy of this stage: none or quarantine.")
    lasts: PositiveDurationText = Field(
        description="How long it stands before the next one takes its place, such as 14d, counted from when "
        "all authoritative servers answer it. When DKIM ceases to work, the time begins anew."
    )

    @property
    def span(self) -> timedelta:
        """How long the stage lasts."""
        return parse_duration(self.lasts)


class DmarcRollout(Model):
    """The way from a mild policy to a strict one, in stages."""

    stages: Annotated[tuple[RolloutStage, ...], ATOMIC] = Field(
        min_length=1,
        max_length=5,
        description="The policies that stand before spec.dmarc.policy, each stricter than the one before: "
        "none for 14d and quarantine for 30d before reject, for example.",
    )


_PATH_IN_CEL = "(self.rollout.stages.map(stage, stage.policy) + [self.policy])"
_IN_ORDER_IN_CEL = "[" + ", ".join(f"'{policy}'" for policy in DmarcPolicy) + "]"


class DmarcSpec(Model):
    """What receivers shall do with mail that fails authentication, and whom they tell: DMARC (RFC 9989)."""

    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            f"!has(self.rollout) || {_IN_ORDER_IN_CEL}.filter(policy, policy in {_PATH_IN_CEL}) "
            f"== {_PATH_IN_CEL}",
            "write stages from mild to strict: each stricter than the one before (none, quarantine, reject), "
            "and the last one milder than spec.dmarc.policy, which follows it",
            lambda spec: spec.grows_stricter,
            field="rollout",
        ),
    )

    policy: DmarcPolicy = Field(
        description="Wish for mail from the domain that fails DMARC (tag p): none, quarantine or reject. "
        "NTA 7516 needs quarantine or reject, which is safe only once DKIM signing works."
    )
    subdomain_policy: DmarcPolicy | None = Field(
        default=None, description="Wish for mail from existing subdomains (tag sp). Default: as policy."
    )
    nonexistent_policy: DmarcPolicy | None = Field(
        default=None,
        description="Wish for mail from subdomains that do not exist (tag np). Default: as subdomainPolicy.",
    )
    adkim: Alignment = Field(
        default=Alignment.RELAXED,
        description="Whether the domain of the DKIM signature may be a parent or child of the one in From "
        "(relaxed) or must be the same (strict).",
    )
    aspf: Alignment = Field(
        default=Alignment.RELAXED,
        description="Whether the SPF domain may be a parent or child of the one in From (relaxed) or must "
        "be the same (strict).",
    )
    rua: Annotated[tuple[MailtoUri, ...], SET] = Field(
        default=(),
        max_length=10,
        description="Where receivers send aggregate reports: mailto: URIs. An address in another "
        "organisation's domain needs an authorisation record there.",
    )
    ruf: Annotated[tuple[MailtoUri, ...], SET] = Field(
        default=(),
        max_length=10,
        description="Where receivers send failure reports: mailto: URIs. These reports can hold personal "
        "data.",
    )
    testing: bool = Field(
        default=False,
        description="Ask receivers to apply the policy one level milder while you test (tag t=y).",
    )
    wait_for_dkim: bool = Field(
        default=True,
        description="Publish a policy stricter than none only once a DKIM selector of the domain works: one "
        "of a DkimKey, or one of spec.dkim.externalSelectors. Until then the record asks for none; a "
        "stricter policy that stands already is not taken back.",
    )
    rollout: DmarcRollout | None = Field(
        default=None,
        description="Milder policies to begin with. Left out: policy is published at once.",
    )

    @property
    def grows_stricter(self) -> bool:
        """True when each stage of the rollout is stricter than the one before, and `policy` than the last."""
        stages = self.rollout.stages if self.rollout else ()
        path = [*(stage.policy for stage in stages), self.policy]
        return path == [policy for policy in DmarcPolicy if policy in path]

    @property
    def record(self) -> Dmarc:
        """The record that is wanted in the end; what is left out is not in it."""
        return Dmarc(
            policy=self.policy,
            subdomain_policy=self.subdomain_policy,
            nonexistent_policy=self.nonexistent_policy,
            adkim=self.adkim.tag_value,
            aspf=self.aspf.tag_value,
            testing=self.testing,
            rua=self.rua,
            ruf=self.ruf,
        )
