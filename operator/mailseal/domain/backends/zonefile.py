"""The settings of type zonefile."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.backends.base import BackendSettings, Credentials
from mailseal.domain.checks import matching


class ZoneFileSettings(BackendSettings):
    """Zone files (RFC 1035 section 5) that another process serves, such as from a Git checkout."""

    credentials: ClassVar[Credentials] = Credentials.NONE
    cluster_only: ClassVar[str] = "type zonefile names a directory of the operator"
    self_contained: ClassVar[bool] = True

    path: Annotated[
        str,
        Field(max_length=1024),
        matching(
            r"/(?:[^/\x00.][^/\x00]*/?|\.[^/\x00.][^/\x00]*/?)+",
            "write an absolute path without . and .. parts, such as /zones",
        ),
    ] = Field(
        description="Directory in the operator's file system with one file per zone, named <zone>.zone."
    )
