"""Does DMARC protect the domain (RFC 9989), and do its reports arrive (RFC 9990)?"""

from __future__ import annotations

from mailseal.checks.dmarc.examine import examine_dmarc

__all__ = ["examine_dmarc"]
