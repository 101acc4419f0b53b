"""What the SDK raises, as the errors of a provider. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import aiohttp
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
)
from azure.identity import CredentialUnavailableError

from mailseal.providers.base import (
    AuthenticationFailed,
    BatchTooLarge,
    ProviderError,
    Raced,
    RateLimited,
    Refused,
    Unavailable,
    ZoneNotFound,
)
from mailseal.records.rrset import RecordType, RRsetKey

_LONGEST_TEXT: Final = 300
_ENTRA_CODE: Final = re.compile(r"AADSTS[0-9]+")
_NOT_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_REFUSED_UNSEEN: Final = frozenset({503})


def provider_error(error: AzureError, operation: str, lost: type[Unavailable]) -> ProviderError:
    """What `error` means for a request. `lost` is the error of an answer that never came."""
    if isinstance(error, HttpResponseError) and error.response is not None:
        return _answered(error, operation, lost)
    if isinstance(error, CredentialUnavailableError):
        return AuthenticationFailed(
            "Azure has no identity for this process: give a Secret, or set up workload or managed identity"
        )
    if isinstance(error, ClientAuthenticationError):
        return AuthenticationFailed(_entra(error))
    if isinstance(error, ServiceRequestTimeoutError) or (
        isinstance(error, ServiceRequestError) and isinstance(error.inner_exception, _NOT_SENT)
    ):
        return Unavailable(f"Azure Resource Manager cannot be reached for {operation}")
    return lost(f"{operation} had no usable answer from Azure Resource Manager: {type(error).__name__}")


def _answered(error: HttpResponseError, operation: str, lost: type[Unavailable]) -> ProviderError:
    status, said = error.status_code or 0, f"{operation}: Azure answers {error.status_code} {_said(error)}"
    if status == 429:
        return RateLimited(said, _retry_after(error))
    if _is_of_entra(error) and 400 <= status < 500:
        return AuthenticationFailed(_entra(error))
    if status in {401, 403}:
        return AuthenticationFailed(f"{said}; the identity needs the role DNS Zone Contributor on the zones")
    if status == 404:
        return ZoneNotFound(said)
    if status == 409:
        return Refused(said) if "lock" in said.lower() else Raced(said)
    if status == 412:
        return Raced(f"{operation}: the record set has changed since it was read")
    if status == 413:
        return BatchTooLarge(said)
    if 400 <= status < 500:
        return Refused(said)
    return Unavailable(said) if status in _REFUSED_UNSEEN else lost(said)


def _is_of_entra(error: HttpResponseError) -> bool:
    """Of Azure Resource Manager only 401 is such an error; Microsoft Entra has its own codes."""
    return isinstance(error, ClientAuthenticationError) and (
        error.status_code != 401 or _ENTRA_CODE.search(str(error.message)) is not None
    )


def is_cname_conflict(error: HttpResponseError) -> bool:
    """Does Azure refuse a record set since a CNAME would not be alone at its name?

    It answers 409 with "The record could not be created because a CNAME record with the same name already
    exists in this zone", or "The CNAME record could not be created because another record with the same name
    already exists in this zone", or the code CannotCreateRecordDueToCNameNamingRestriction.
    """
    return error.status_code == 409 and "cname" in _said(error).lower()


def cname_conflict(key: RRsetKey) -> ProviderError:
    """What it means for the write of `key` that a CNAME would not be alone at its name."""
    if key.rtype is RecordType.CNAME:
        return Refused(
            f"{key.name} holds other records, which allow no CNAME beside them (RFC 1034 section 3.6.2)"
        )
    return Raced(f"{key.name} holds a CNAME, which allows no {key.rtype} beside it")


def _entra(error: AzureError) -> str:
    """The code alone: the text of Microsoft Entra repeats what was sent."""
    found = _ENTRA_CODE.search(str(error.message))
    code = f" ({found.group()})" if found else ""
    return (
        f"Microsoft Entra does not accept the identity{code}: compare tenantId, clientId and the Secret's "
        "client-secret, which expires, with the app registration"
    )


def _said(error: HttpResponseError) -> str:
    """The code and message of an error body: in an `error` object (Resource Manager) or bare (Azure DNS)."""
    body = error.error
    text = f"{body.code}: {body.message}" if body is not None else str(error.reason or "")
    printable = "".join(character if character.isprintable() else " " for character in text)
    return printable[:_LONGEST_TEXT]


def _retry_after(error: HttpResponseError) -> timedelta | None:
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    value = headers.get("Retry-After", "").strip()
    return timedelta(seconds=int(value)) if value.isdecimal() and len(value) < 6 else None
