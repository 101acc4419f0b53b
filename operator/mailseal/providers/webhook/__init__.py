"""Any backend that has a webhook provider of external-dns, spoken to as external-dns speaks to it."""

from mailseal.providers.webhook.provider import WebhookProvider

__all__ = ["WebhookProvider"]
