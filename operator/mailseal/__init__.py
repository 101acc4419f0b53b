"""mailseal keeps the DNS records of mail domains right: SPF, DMARC, DKIM and NTA 7516."""

__version__ = "0.1.0"
