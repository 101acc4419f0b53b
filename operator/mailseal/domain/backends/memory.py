"""The settings of type memory."""

from __future__ import annotations

from typing import ClassVar

from mailseal.domain.backends.base import BackendSettings, Credentials


class MemorySettings(BackendSettings):
    """No settings: the records live in the operator's memory and go with it. For trying mailseal out."""

    credentials: ClassVar[Credentials] = Credentials.NONE
    self_contained: ClassVar[bool] = True
