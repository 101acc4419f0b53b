"""Azure DNS, through Azure Resource Manager."""

from mailseal.providers.azure.provider import AzureProvider

__all__ = ["AzureProvider"]
