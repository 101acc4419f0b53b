"""The REST API of TransIP, the Dutch registrar, as a DNS backend.

Written on `mailseal.providers.http` and cryptography instead of python-transip, which signs in when it is
made, never renews its token, has neither time-outs nor another base URL, and drops the headers that tell of
the rate limit.
"""

from mailseal.providers.transip.provider import TransIpProvider

__all__ = ["TransIpProvider"]
