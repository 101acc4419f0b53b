"""The HTTP API of PowerDNS Authoritative Server as a DNS backend.

Written on `mailseal.providers.http` instead of a library: the API is five requests, and the libraries for it
(octodns-powerdns, python-powerdns) block, set no time-outs of their own, lose disabled records, and compare
nothing before they write.
"""

from mailseal.providers.powerdns.provider import PowerDnsProvider

__all__ = ["PowerDnsProvider"]
