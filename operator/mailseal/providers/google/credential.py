"""Access tokens of Google: of a service account by its key, or of the process."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, Protocol, cast

import google.auth
import requests
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from mailseal.providers.base import AuthenticationFailed, InvalidConfiguration, Unavailable
from mailseal.providers.calls import Calls
from mailseal.providers.google.settings import SECRET_KEY, ServiceAccountKey

SCOPE: Final = "https://www.googleapis.com/auth/ndev.clouddns.readwrite"


class GoogleCredentials(Protocol):
    """What is used of the credentials of google-auth."""

    token: str | None

    @property
    def valid(self) -> bool:
        """True while there is a token that has not expired."""
        ...

    def refresh(self, request: Any) -> None:
        """Get a new token; blocks."""
        ...


def open_key(key: ServiceAccountKey) -> GoogleCredentials:
    """The credentials of a service account. Does no I/O. Raises `InvalidConfiguration`."""
    info = {
        "type": "service_account",
        "client_email": key.client_email,
        "private_key": key.private_key,
        "private_key_id": key.private_key_id,
        "token_uri": key.token_uri,
    }
    try:
        opened = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            info, scopes=[SCOPE]
        )
    except (ValueError, TypeError, GoogleAuthError):
        raise InvalidConfiguration(
            f"private_key in {SECRET_KEY} cannot be read: download the key again"
        ) from None
    return cast("GoogleCredentials", opened)


def find_ambient() -> GoogleCredentials:
    """Those of the process: workload identity, the metadata server, or what its environment names. Blocks."""
    found, _project = google.auth.default(scopes=[SCOPE])
    return cast("GoogleCredentials", found)


class AccessToken:
    """The token for the next request, renewed in a thread when it has expired."""

    def __init__(self, find: Callable[[], GoogleCredentials], calls: Calls, timeout: timedelta) -> None:
        self._find = find
        self._calls = calls
        self._timeout = timeout
        self._credentials: GoogleCredentials | None = None
        self._lock = asyncio.Lock()

    async def header(self) -> Mapping[str, str]:
        """The header that authorises a request. Raises `AuthenticationFailed` and `Unavailable`."""
        async with self._lock:
            if self._credentials is None or not self._credentials.valid:
                self._credentials = await self._calls.in_thread(self._renewed)
            return {"Authorization": f"Bearer {self._credentials.token}"}

    async def reject(self) -> None:
        """The API does not take the token: get another one next time."""
        async with self._lock:
            if self._credentials is not None:
                self._credentials.token = None

    def _renewed(self) -> GoogleCredentials:
        try:
            credentials = self._credentials or self._find()
            with requests.Session() as session:
                request = Request(session)
                credentials.refresh(functools.partial(request, timeout=self._timeout.total_seconds()))
        except DefaultCredentialsError:
            raise AuthenticationFailed(
                "Google Cloud has no identity for this process: give a Secret, or set up workload identity"
            ) from None
        except TransportError as error:
            raise Unavailable(f"no token: Google cannot be reached ({type(error).__name__})") from None
        except GoogleAuthError as error:
            if error.retryable:
                raise Unavailable("no token: Google's token service fails at the moment") from None
            raise AuthenticationFailed(
                "Google does not accept the service account: its key may be deleted, or the clock be wrong"
            ) from None
        except Exception as error:
            # The library takes the answer for what it should be: anything may come of another one.
            raise Unavailable(
                f"no token: the answer of Google's token service makes no sense ({type(error).__name__})"
            ) from None
        return credentials
