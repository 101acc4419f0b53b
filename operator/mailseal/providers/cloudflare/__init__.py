"""Zones at Cloudflare, through its official SDK."""

from mailseal.providers.cloudflare.provider import CloudflareProvider

__all__ = ["CloudflareProvider"]
