"""The mail servers of a domain: their records, whether they can be reached, their TLS, and DANE."""

from __future__ import annotations

from mailseal.checks.hosts.dane import examine_dane
from mailseal.checks.hosts.examine import examine_mx, examine_ntamx

__all__ = ["examine_dane", "examine_mx", "examine_ntamx"]
