"""SPF as receivers see it (RFC 7208): evaluation for a sender, and the checks of a domain's records."""

from __future__ import annotations

from mailseal.checks.spf.evaluator import check_host, evaluate
from mailseal.checks.spf.examine import examine_spf
from mailseal.checks.spf.model import Envelope, Limits, SpfCode, SpfResult, Step
from mailseal.checks.spf.relay import known_relay

__all__ = [
    "Envelope",
    "Limits",
    "SpfCode",
    "SpfResult",
    "Step",
    "check_host",
    "evaluate",
    "examine_spf",
    "known_relay",
]
