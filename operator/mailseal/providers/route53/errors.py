"""What botocore raises, as the errors of a provider. Pure.

Codes: "Common errors" and the errors of each action in the Amazon Route 53 API reference. Messages of a
refused change batch are as external-dns issues 330, 732 and 4774 show them: the reference does not list them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from botocore import exceptions as aws

from mailseal.providers.base import (
    AuthenticationFailed,
    OutcomeUnknown,
    ProviderError,
    Raced,
    RateLimited,
    Refused,
    Unavailable,
    ZoneNotFound,
)

_THROTTLED: Final = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "SlowDown",
        "PriorRequestNotComplete",
    }
)
_NO_ZONE: Final = frozenset({"NoSuchHostedZone", "HostedZoneNotFound"})
_CLOCK: Final = frozenset({"RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch"})
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "ExpiredTokenIdentified"})
_DENIED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidIdentityToken",
        "IncompleteSignature",
        "MissingAuthenticationToken",
        "NotAuthorized",
        "OptInRequired",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)
_BATCH: Final = "InvalidChangeBatch"
_DIFFER: Final = "but the values provided do not match the current values"
_RACED: Final = (
    _DIFFER,
    "but it was not found",
    "but it already exists",
    "because a conflicting RRSet of type  CNAME",
    "because a conflicting RRSet of type CNAME",
)
_NEVER_SENT: Final = (
    aws.EndpointConnectionError,
    aws.ConnectTimeoutError,
    aws.ProxyConnectionError,
    aws.SSLError,
    aws.InvalidProxiesConfigError,
)
_NO_CREDENTIALS: Final = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.MetadataRetrievalError,
    aws.ProfileNotFound,
    aws.ConfigParseError,
    aws.UnauthorizedSSOTokenError,
    aws.TokenRetrievalError,
    aws.InvalidConfigError,
    aws.InfiniteLoopConfigError,
)


class ValuesDiffer(Raced):
    """A set to delete holds other values, or the same in texts of another form."""


class BatchRefused(Refused):
    """A change batch is refused in words that do not tell whether the content is at fault or the belief."""


def provider_error(error: Exception, doing: str, *, writing: bool) -> ProviderError:
    """What `error` means for a request that was `doing` something, such as `AssumeRole`.

    `writing`: whether the request changes something, so that a lost answer leaves the outcome unknown.
    """
    lost: type[ProviderError] = OutcomeUnknown if writing else Unavailable
    if isinstance(error, aws.ClientError):
        return _refusal(error, doing, lost)
    if isinstance(error, _NO_CREDENTIALS):
        return AuthenticationFailed(
            f"{doing}: there are no usable AWS credentials ({type(error).__name__}): give a Secret in "
            "credentialsSecretRef, or the operator an identity of its own"
        )
    if isinstance(error, _NEVER_SENT):
        return Unavailable(f"{doing}: no connection to AWS: {type(error).__name__}")
    if isinstance(error, aws.ParamValidationError):
        return Refused(f"{doing}: the SDK does not take the request: {error}")
    return lost(f"{doing}: there is no usable answer from AWS: {type(error).__name__}")


def _refusal(error: aws.ClientError, doing: str, lost: type[ProviderError]) -> ProviderError:
    code, status, text = _code(error), _status(error), _message(error)
    said = f"{doing}: AWS answers {code}: {text}" if text else f"{doing}: AWS answers {code}"
    if code in _THROTTLED or status == 429:
        return RateLimited(said, _retry_after(error))
    if status >= 500:
        return lost(said)
    if code in _NO_ZONE:
        return ZoneNotFound(said)
    if code in _CLOCK:
        return AuthenticationFailed(f"{said}; compare the secret access key, and the clock of this machine")
    if code in _EXPIRED:
        return AuthenticationFailed(f"{said}; renew the credentials")
    if code in _DENIED or status in {401, 403}:
        return AuthenticationFailed(f"{said}; compare the credentials and what their IAM policy allows")
    if code == _BATCH and any(known in text for known in _RACED):
        return ValuesDiffer(said) if _DIFFER in text else Raced(said)
    if code == _BATCH:
        return BatchRefused(said)
    return Refused(said) if status == 400 else lost(said)


def _code(error: aws.ClientError) -> str:
    code = _part(error, "Error").get("Code")
    if code:
        return str(code)
    return _BATCH if _part(error, "Messages") else "an error without code"


def _message(error: aws.ClientError) -> str:
    """All that the answer says; a refused batch may have a list of messages instead of one."""
    listed = _part(error, "Messages").get("Message")
    texts = [_part(error, "Error").get("Message"), *(listed if isinstance(listed, list) else [listed])]
    return " ".join(str(text).strip() for text in texts if text)


def _status(error: aws.ClientError) -> int:
    status = _part(error, "ResponseMetadata").get("HTTPStatusCode")
    return status if isinstance(status, int) else 0


def _retry_after(error: aws.ClientError) -> timedelta | None:
    headers = _part(error, "ResponseMetadata").get("HTTPHeaders") or {}
    value = str(headers.get("retry-after", ""))
    return timedelta(seconds=int(value)) if value.isdecimal() and len(value) < 6 else None


def _part(error: aws.ClientError, name: str) -> dict[str, Any]:
    part: Any = error.response.get(name)
    return part if isinstance(part, dict) else {}
