"""What the settings of all DNS backends share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field, WithJsonSchema

from mailseal.domain.checks import matching
from mailseal.domain.common import SUBDOMAIN, Model

IPV4 = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
ADDRESSES = rf"{IPV4}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*"

ServerText = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(
        rf"{SUBDOMAIN}|{ADDRESSES}",
        "write a host name or an IP address without port or brackets, such as 192.0.2.53; the port has its "
        "own field",
    ),
]
UrlText = Annotated[
    str,
    Field(min_length=1, max_length=512),
    matching(
        r"https?://[^/?#@\s]+(?:/[^?#@\s]*)?",
        "write a URL such as https://dns.example.nl:8081, without user, query or fragment",
    ),
]
TimeoutSeconds = Annotated[
    int, Field(ge=1, le=60, description="How long to wait for one answer, in seconds (1 to 60).")
]
FreeForm = Annotated[
    dict[str, Any], WithJsonSchema({"type": "object", "x-kubernetes-preserve-unknown-fields": True})
]
"""Settings that only the backend knows, as they are written."""


class Credentials(StrEnum):
    """Whether a backend is opened with a Secret."""

    NONE = "takes no"
    OPTIONAL = "may have"
    REQUIRED = "needs"


class BackendSettings(Model):
    """The base of each backend's settings; the class says what the whole spec has to know of it."""

    credentials: ClassVar[Credentials] = Credentials.REQUIRED
    credential_fields: ClassVar[str] = ""
    """What the Secret holds, such as `whose key api-key holds the API key`."""
    cluster_only: ClassVar[str] = ""
    """Why only a ClusterDnsProvider may be of this type; empty where both may."""
    asks_nameservers: ClassVar[bool] = False
    """True: the backend itself asks the servers in `spec.nameservers`, and is opened with them."""
    self_contained: ClassVar[bool] = False
    """True: no name server need serve the zones, and the backend itself is believed without `nameservers`."""


def trusted_endpoint(what: str) -> str:
    """The description of a field that replaces the address of a vendor's API."""
    return f"Base URL of {what} instead of the vendor's own, such as a proxy. Only in a ClusterDnsProvider."
