"""Who the provider is for Azure: an app registration with its secret, or the identity of the process."""

from __future__ import annotations

import logging
import os
from typing import Any, Final

from azure.core.credentials_async import AsyncTokenCredential
from azure.identity.aio import ClientSecretCredential, ManagedIdentityCredential, WorkloadIdentityCredential

from mailseal.providers.azure.settings import AzureSettings
from mailseal.providers.base import InvalidConfiguration

_FEDERATED_TOKEN: Final = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - the name of a variable
logging.getLogger("azure.identity").setLevel(logging.ERROR)
"""It warns of what it also raises, in the words of Microsoft Entra; we report it in ours."""


def open_credential(settings: AzureSettings, **transport: Any) -> AsyncTokenCredential:
    """The credential that the settings ask for. Does no I/O.

    With a Secret it is that and nothing else: the host that gets the secret is named here, since the library
    would take it from the environment. Without one it is the workload identity of the Pod where there is
    one, else the managed identity of the machine; the settings have made sure that this is allowed.
    `transport` are options of azure-core's transport. Raises `InvalidConfiguration`.
    """
    seconds = settings.timeout.total_seconds()
    options: dict[str, Any] = {
        "authority": settings.hosts.authority,
        "retry_total": 0,
        "connection_timeout": min(seconds, 10),
        "read_timeout": seconds,
        **transport,
    }
    if settings.client_secret is not None:
        return ClientSecretCredential(
            str(settings.tenant_id), str(settings.client_id), settings.client_secret, **options
        )
    if _FEDERATED_TOKEN not in os.environ:
        return ManagedIdentityCredential(client_id=settings.client_id)
    try:
        return WorkloadIdentityCredential(
            tenant_id=settings.tenant_id, client_id=settings.client_id, **options
        )
    except ValueError:
        raise InvalidConfiguration(
            "tenantId and clientId are needed: the Pod has a workload identity, but its environment does not "
            "say whose (AZURE_TENANT_ID, AZURE_CLIENT_ID)"
        ) from None
