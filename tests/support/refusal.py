"""One spec that nobody can store or use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from support.manifests import spec_of


@dataclass(frozen=True)
class Refusal:
    """A change that makes a valid spec invalid, where both say the fault is, and what the API server says."""

    label: str
    kind: str
    changes: Mapping[str, Any]
    field: str
    words: str

    @property
    def spec(self) -> dict[str, Any]:
        """The invalid spec."""
        return spec_of(self.kind, self.changes)
