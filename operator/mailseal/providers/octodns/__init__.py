"""Any provider of octoDNS that is installed (https://github.com/octodns/octodns)."""

from mailseal.providers.octodns.provider import OctoDnsProvider

__all__ = ["OctoDnsProvider"]
