"""The statuses of the resources, as the operator writes them and reads them back."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from mailseal.domain.common import Model
from mailseal.domain.dkimkey import KeyAlgorithm
from mailseal.domain.lists import ATOMIC, map_by


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


class MailDomainStatus(RecordOwnerStatus):
    """What mailseal found and did; written by the operator."""


class PublishedKey(StatusModel):
    """One DKIM key of this resource; its private half is in the Secret only."""

    selector: str = Field(description="The key's selector: its record is at <selector>._domainkey.<domain>.")
    algorithm: KeyAlgorithm = Field(description="RSA or Ed25519.")
    size: int | None = Field(default=None, description="Size of the key in bits.")
    published_since: datetime | None = Field(
        default=None, description="Since when all authoritative servers answer the key's record."
    )


class DkimKeyStatus(RecordOwnerStatus):
    """What mailseal found and did; written by the operator."""

    keys: Annotated[tuple[PublishedKey, ...], map_by("selector")] = Field(
        default=(),
        description="The keys that exist, in the order of the spec.",
    )
    secret_name: str | None = Field(default=None, description="The Secret that holds the private keys.")


class NtaRecordStatus(RecordOwnerStatus):
    """What mailseal found and did; written by the operator."""

    start_month: str | None = Field(
        default=None, description="First month of the published record, as YYYY-MM."
    )
    end_month: str | None = Field(default=None, description="Last month of the published record, as YYYY-MM.")
    expires_on: date | None = Field(
        default=None, description="Last day on which the published record is valid."
    )


class DnsProviderStatus(ResourceStatus):
    """What mailseal found at the backend; written by the operator."""

    zones: Annotated[tuple[str, ...], ATOMIC] = Field(
        default=(),
        description="Zones that the backend serves and mailseal can read.",
    )
