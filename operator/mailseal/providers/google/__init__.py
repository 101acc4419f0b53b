"""Google Cloud DNS, through its REST API."""

from mailseal.providers.google.provider import GoogleProvider

__all__ = ["GoogleProvider"]
