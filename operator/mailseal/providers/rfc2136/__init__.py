"""Any name server that takes dynamic updates: RFC 2136 signed with TSIG (RFC 8945)."""

from mailseal.providers.rfc2136.provider import Rfc2136Provider

__all__ = ["Rfc2136Provider"]
