"""What must be in order before an NTA 7516 record is published or renewed."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from mailseal.domain.common import Model


class Prerequisite(StrEnum):
    """What can be asked for. The ZorgMail manual (January 2025) names the first five as due beforehand."""

    SPF = "SPF"
    DKIM = "DKIM"
    DMARC = "DMARC"
    """A policy of quarantine or reject is in effect."""
    DNSSEC = "DNSSEC"
    TLS = "TLS"
    """The servers that receive NTA 7516 mail offer STARTTLS with TLS 1.2 or higher, and nothing lower."""
    DANE = "DANE"
    NTAMX = "NTAMX"
    """The hosts of `ntamx` are fit to receive mail."""
    MTASTS = "MTASTS"
    TLSRPT = "TLSRPT"


class PrerequisiteMode(StrEnum):
    """What a check that does not pass is to do."""

    ENFORCE = "Enforce"
    """Nothing is published for the first time or renewed until the check passes."""
    WARN = "Warn"
    """It is told and holds up nothing."""


class PrerequisiteSpec(Model):
    """One check that is asked for."""

    check: Prerequisite = Field(
        description="What is checked: SPF, DKIM, DMARC (quarantine or reject in effect), DNSSEC, TLS (1.2 or "
        "higher at the servers that receive NTA 7516 mail), DANE, NTAMX (the hosts of ntamx), MTASTS or "
        "TLSRPT."
    )
    mode: PrerequisiteMode = Field(
        default=PrerequisiteMode.ENFORCE,
        description="Enforce: nothing is published for the first time, and nothing is renewed, until the "
        "check passes. Warn: a check that fails is told in the status and holds up nothing.",
    )


DEFAULT_PREREQUISITES: tuple[PrerequisiteSpec, ...] = tuple(
    PrerequisiteSpec(check=check)
    for check in (
        Prerequisite.SPF,
        Prerequisite.DKIM,
        Prerequisite.DMARC,
        Prerequisite.DNSSEC,
        Prerequisite.TLS,
    )
)
