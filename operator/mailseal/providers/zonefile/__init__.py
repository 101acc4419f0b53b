"""Zone files in a directory (RFC 1035 section 5): to try mailseal with, next to any name server."""

from mailseal.providers.zonefile.provider import ZoneFileProvider

__all__ = ["ZoneFileProvider"]
