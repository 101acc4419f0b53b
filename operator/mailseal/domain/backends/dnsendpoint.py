"""The settings of type dnsendpoint."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, Credentials
from mailseal.domain.checks import matching
from mailseal.domain.common import LABEL

LabelValue = Annotated[
    str,
    Field(max_length=63),
    matching(
        r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?",
        "write the value of a label: letters, digits, dots, dashes and underscores",
    ),
]


class TargetForm(StrEnum):
    """How TXT values stand in a DNSEndpoint."""

    QUOTED = "quoted"
    PLAIN = "plain"


class DnsEndpointSettings(BackendSettings):
    """DNSEndpoint resources, which external-dns carries out."""

    credentials: ClassVar[Credentials] = Credentials.NONE
    asks_nameservers: ClassVar[bool] = True

    namespace: (
        Annotated[
            str,
            Field(min_length=1, max_length=63),
            matching(LABEL, "write the name of a namespace, such as external-dns"),
        ]
        | None
    ) = Field(
        default=None,
        description="Namespace of the DNSEndpoints: needed in a ClusterDnsProvider; a DnsProvider writes "
        "in its own.",
    )
    labels: dict[str, LabelValue] = Field(
        default_factory=dict,
        max_length=20,
        description="Labels of the DNSEndpoints, such as those that external-dns selects by --label-filter.",
    )
    txt_form: TargetForm = Field(
        default=TargetForm.QUOTED,
        description="How external-dns' own provider takes TXT values: quoted as in a zone file, or plain.",
    )
