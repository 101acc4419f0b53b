"""Amazon Route 53 as a DNS backend."""

from mailseal.providers.route53.provider import Route53Provider

__all__ = ["Route53Provider"]
