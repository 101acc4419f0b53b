"""The settings of type route53."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.backends.base import (
    BackendSettings,
    Credentials,
    TimeoutSeconds,
    UrlText,
    trusted_endpoint,
)
from mailseal.domain.checks import Check, matching
from mailseal.domain.lists import SET


class HostedZoneType(StrEnum):
    """Which of two hosted zones of one name is meant."""

    PUBLIC = "Public"
    PRIVATE = "Private"


HostedZoneId = Annotated[
    str,
    Field(min_length=1, max_length=32),
    matching(r"[A-Z0-9]+", "write the id of a hosted zone, such as Z0123456789ABCDEFGHIJ"),
]

RoleArn = Annotated[
    str,
    Field(min_length=20, max_length=2048),
    matching(
        r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+",
        "write the ARN of an IAM role, such as arn:aws:iam::123456789012:role/mailseal",
    ),
]


class Route53Settings(BackendSettings):
    """The hosted zones of an AWS account."""

    credentials: ClassVar[Credentials] = Credentials.OPTIONAL
    credential_fields: ClassVar[str] = "whose keys access-key-id and secret-access-key hold the access key"
    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            "!has(self.externalId) || has(self.roleArn)",
            "externalId is for assuming a role: give roleArn too, or remove externalId",
            lambda settings: settings.external_id is None or settings.role_arn is not None,
            field="externalId",
        ),
    )

    role_arn: RoleArn | None = Field(
        default=None,
        description="IAM role to assume with the credentials of the Secret, or with the operator's own where "
        "there is none and it may use them.",
    )
    external_id: str | None = Field(
        default=None,
        min_length=2,
        max_length=1224,
        description="External id that the role's trust policy asks for.",
    )
    zone_type: HostedZoneType = Field(
        default=HostedZoneType.PUBLIC,
        description="Which of a public and a private hosted zone of one name is meant. Private ones need "
        "nameservers that answer inside the VPC.",
    )
    hosted_zone_ids: Annotated[tuple[HostedZoneId, ...], SET] = Field(
        default=(),
        max_length=100,
        description="The only hosted zones to use, whatever their type: where two have one name, or where "
        "the credentials may not list zones. Left out: they are found by name.",
    )
    region: Annotated[
        str, matching(r"[a-z]{2}(?:-[a-z]+)+-[0-9]+", "write an AWS region, such as eu-west-1")
    ] = Field(
        default="us-east-1",
        max_length=32,
        description="Region whose STS is asked, and whose partition (such as China) is meant; Route 53 "
        "itself has no regions.",
    )
    insync_seconds: int = Field(
        default=10,
        ge=0,
        le=60,
        description="How long a write waits for all name servers of Route 53, once a minute and zone; 0 "
        "does not wait. A record counts as published only when the name servers answer it, in any case.",
    )
    endpoint: UrlText | None = Field(default=None, description=trusted_endpoint("the Route 53 API"))
    sts_endpoint: UrlText | None = Field(default=None, description=trusted_endpoint("the STS API"))
    timeout_seconds: TimeoutSeconds = 20
