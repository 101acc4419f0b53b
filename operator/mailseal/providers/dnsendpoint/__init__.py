"""DNSEndpoint resources, which external-dns carries out: for clusters where it alone may write DNS."""

from mailseal.providers.dnsendpoint.provider import DnsEndpointProvider

__all__ = ["DnsEndpointProvider"]
