"""What people and mail servers say of keys by annotations of the DkimKey or its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mailseal.domain.common import GROUP
from mailseal.planning.keylife.model import Facts, Sighting

ROTATE = f"{GROUP}/rotate"
"""Another text than before asks for a rotation now."""
SIGNING_WITH = f"{GROUP}/signing-with"
"""The selectors that the mail server signs with, separated by commas."""


def facts_of(  # noqa: PLR0913 - everything that a step depends on, by name
    annotations: Mapping[str, str],
    *,
    namespace: str,
    name: str,
    deleting: bool,
    now: datetime,
    held: frozenset[str],
    sighting: Sighting | None,
) -> Facts:
    """The facts about the keys of the DkimKey `namespace`/`name`."""
    acknowledged = annotations.get(SIGNING_WITH, "").replace(",", " ").split()
    return Facts(
        now=now,
        held=held,
        sighting=sighting,
        acknowledged=frozenset(acknowledged),
        rotation_request=annotations.get(ROTATE, ""),
        deleting=deleting,
        jitter_seed=f"{namespace}/{name}",
    )
