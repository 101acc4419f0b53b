"""Which servers of its NTA 7516 provider a domain's SPF record has to let pass."""

from __future__ import annotations

from mailseal.checks.spf import known_relay
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.records.names import DnsName


def relay_of(spec: NtaRecordSpec) -> DnsName | None:
    """The name whose SPF record lists them: that of the spec, or that which is known of its provider."""
    return DnsName.parse(spec.relay) if spec.relay else known_relay(spec.provider)
