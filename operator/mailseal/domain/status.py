"""The statuses of the resources, as the operator writes them and reads them back."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from mailseal.domain.common import Model
from mailseal.domain.dkimkey import KeyAlgorithm
from mailseal.domain.lists import ATOMIC, map_by
from mailseal.records.dmarc import DmarcPolicy


class ConditionStatus(StrEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class StatusModel(Model):
    """Base of everything in a status: fields that a newer operator wrote are skipped, not refused."""

    model_config = ConfigDict(extra="ignore")

    def to_mapping(self) -> dict[str, Any]:
        """This as the API server stores it: camelCase, JSON values, nothing where there is none."""
        return self.model_dump(by_alias=True, mode="json", exclude_none=True)


class Condition(StatusModel):
    """One statement about the resource, in the form that Kubernetes uses for all kinds."""

    type: str = Field(description="What the condition is about; Ready is the one to wait for.")
    status: ConditionStatus = Field(description="True, False or Unknown.")
    reason: str = Field(description="Why, as one CamelCase word for programs.")
    message: str = Field(description="Why and what to do about it, for people.")
    observed_generation: int | None = Field(
        default=None, description="The metadata.generation that this was decided on."
    )
    last_transition_time: datetime = Field(description="When status last changed from one value to another.")


class RecordStatus(StatusModel):
    """One record of this resource and how far it is."""

    name: str = Field(description="Owner name of the record, without final dot.")
    type: str = Field(description="Type of the record: TXT, MX or CNAME.")
    value: str = Field(
        description="The record's value. TXT as joined text, with bytes outside printable ASCII as \\DDD and "
        "backslashes doubled."
    )
    state: str = Field(
        description="Published (all authoritative servers answer it), Propagating (written, not yet "
        "answered everywhere), Pending (not written yet), Conflict (something else is in the way), Refused "
        "(the backend rejects it) or Removing."
    )
    message: str | None = Field(default=None, description="What is the matter and what to do about it.")


class ResourceStatus(StatusModel):
    """What every kind reports."""

    observed_generation: int | None = Field(
        default=None, description="The metadata.generation that this status was decided on."
    )
    conditions: Annotated[tuple[Condition, ...], map_by("type")] = Field(
        default=(),
        description="What holds now. Ready is True when everything asked for is published.",
    )


class RecordOwnerStatus(ResourceStatus):
    """What every kind reports that owns records."""

    records: Annotated[tuple[RecordStatus, ...], ATOMIC] = Field(
        default=(), description="Every record of this resource and how far it is."
    )


class CheckStatus(StatusModel):
    """One thing that the live checks found and that is not in order."""

    check: str = Field(description="Which check, such as spf.lookups; mailseal check tells more of it.")
    outcome: str = Field(
        description="Fail, Unknown (no answer came that would decide it) or Warn (it works, but should be "
        "better)."
    )
    domain: str = Field(description="The mail domain that was checked.")
    target: str = Field(description="The domain, host or name that was looked at.")
    message: str = Field(description="What is the matter and what to do about it.")


class CheckedStatus(RecordOwnerStatus):
    """What the kinds report whose domains are checked as the Internet sees them."""

    live_checks: Annotated[tuple[CheckStatus, ...], ATOMIC] = Field(
        default=(),
        alias="checks",
        description="What the live checks found that is not in order, the worst first, at most 30.",
    )


class SelectorState(StrEnum):
    """What was found at a selector that somebody else runs."""

    WORKING = "Working"
    GONE = "Gone"
    REVOKED = "Revoked"
    INVALID = "Invalid"
    WEAK = "Weak"
    CHANGED = "Changed"
    UNKNOWN = "Unknown"


class ExternalSelectorStatus(StatusModel):
    """One DKIM selector that somebody else runs, as it was last seen."""

    selector: str = Field(description="The selector: its record is at <selector>._domainkey.<domain>.")
    state: SelectorState = Field(
        description="Working, Gone (there is no key record), Revoked (its p= is empty), Invalid (no "
        "signature is valid with what stands there), Weak (it works, but the key should be longer), Changed "
        "(another key than before, or than spec.dkim.externalSelectors has) or Unknown (nobody answers)."
    )
    target: str | None = Field(default=None, description="Where a CNAME leads, without final dot.")
    key_digest: str | None = Field(
        default=None, description="Digest of the public key, which tells when the key changes."
    )
    since: datetime | None = Field(default=None, description="Since when it is in this state.")
    message: str | None = Field(default=None, description="What is the matter and what to do about it.")


class DmarcRolloutStatus(StatusModel):
    """How far the staged rollout of DMARC is."""

    stage: int = Field(
        description="Which stage stands, from 1; one more than there are stages when the final policy does."
    )
    policy: DmarcPolicy = Field(description="The policy of that stage.")
    since: datetime | None = Field(
        default=None, description="Since when its time runs; absent while it does not."
    )
    next: datetime | None = Field(
        default=None, description="When the next stage begins; absent at the last one and while it waits."
    )


class MailDomainStatus(CheckedStatus):
    """What mailseal found and did; written by the operator."""

    external_selectors: Annotated[tuple[ExternalSelectorStatus, ...], map_by("selector")] = Field(
        default=(), description="What was found at the selectors that others run."
    )
    dmarc_rollout: DmarcRolloutStatus | None = Field(
        default=None, description="How far the staged rollout of DMARC is."
    )


class KeyStatus(StatusModel):
    """One DKIM key of this resource and how far it is; its private half is in the Secret only."""

    selector: str = Field(description="The key's selector: its record is at <selector>._domainkey.<domain>.")
    algorithm: KeyAlgorithm = Field(description="RSA or Ed25519.")
    size: int | None = Field(default=None, description="Size of the key in bits.")
    state: str | None = Field(
        default=None,
        description="Prepared (made), Published (all authoritative servers answer it), Active (the Secret "
        "says to sign with it), Retiring (signs no more, still published for mail under way) or Revoked "
        "(all authoritative servers answer that it is revoked).",
    )
    since: datetime | None = Field(default=None, description="Since when it is in this state.")
    until: datetime | None = Field(
        default=None,
        description="When its next step is due by the clock; absent while it waits for something else.",
    )
    set_number: int | None = Field(
        default=None,
        alias="set",
        description="Number of the set of keys that it is one of: they are made, used and replaced together.",
    )
    published_since: datetime | None = Field(
        default=None, description="Since when all authoritative servers answer the key's record."
    )
    cause: str | None = Field(
        default=None, description="Why it was made, as one CamelCase word for programs, such as RotationDue."
    )


class DkimKeyStatus(RecordOwnerStatus):
    """What mailseal found and did; written by the operator."""

    keys: Annotated[tuple[KeyStatus, ...], map_by("selector")] = Field(
        default=(),
        description="Every key that is not gone, the oldest first.",
    )
    secret_name: str | None = Field(default=None, description="The Secret that holds the private keys.")
    signing_selectors: Annotated[tuple[str, ...], ATOMIC] = Field(
        default=(), description="The selectors that the Secret says to sign with, in the order of spec.keys."
    )
    next_rotation: datetime | None = Field(
        default=None,
        description="When the next rotation begins; absent without rotation.interval and while one is under "
        "way.",
    )
    key_life: str | None = Field(
        default=None,
        description="What must not be lost of the life of the keys, the same as in the Secret. Written and "
        "read by the operator: do not edit it.",
    )


class NtaDomainStatus(StatusModel):
    """The record at one mail domain."""

    domain: str = Field(description="The mail domain, without final dot.")
    state: str | None = Field(
        default=None, description="How far the record is, as in records; absent while nothing is known of it."
    )
    start_month: str | None = Field(
        default=None, description="First month of the published record, as YYYY-MM."
    )
    end_month: str | None = Field(default=None, description="Last month of the published record, as YYYY-MM.")
    expires_on: date | None = Field(
        default=None, description="Last day on which the published record is valid."
    )
    declared_on: date | None = Field(
        default=None,
        description="Day on which the self-declaration was signed that the published record rests on.",
    )


class NtaRecordStatus(CheckedStatus):
    """What mailseal found and did; written by the operator."""

    domains: Annotated[tuple[NtaDomainStatus, ...], map_by("domain")] = Field(
        default=(), description="The record at each mail domain, in the order of spec.domains."
    )
    start_month: str | None = Field(
        default=None, description="First month of the published record that expires first, as YYYY-MM."
    )
    end_month: str | None = Field(
        default=None, description="Last month of the published record that expires first, as YYYY-MM."
    )
    expires_on: date | None = Field(
        default=None, description="Last day on which every published record is valid."
    )
    declared_on: date | None = Field(
        default=None,
        description="Day on which the oldest self-declaration was signed that a published record rests on.",
    )


class DnsProviderStatus(ResourceStatus):
    """What mailseal found at the backend; written by the operator."""

    zones: Annotated[tuple[str, ...], ATOMIC] = Field(
        default=(),
        description="Zones that the backend serves and mailseal can read.",
    )
