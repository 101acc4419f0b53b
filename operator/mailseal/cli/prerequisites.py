"""The gate of NTA 7516 records at the command line: what is checked before one is published or renewed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from mailseal.checks.model import Examined
from mailseal.checks.opening import InvalidSettings
from mailseal.cli.checkmanifests import merged
from mailseal.cli.desired import Desired
from mailseal.cli.exits import InvalidInput
from mailseal.cli.preview import Preview, preview
from mailseal.cli.resources import RecordResource
from mailseal.cli.zones import Placement
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.engine.examining import said_by
from mailseal.engine.prerequisites import prerequisite_findings
from mailseal.planning.nta_gate import PrerequisiteFinding
from mailseal.planning.reasons import Reason
from mailseal.records.names import DnsName

_UNDECIDED = frozenset({Reason.PREREQUISITES_UNKNOWN, Reason.EXPIRED})
"""Why a record waits that findings may end."""


async def checked_preview(desired: Desired, placement: Placement, now: datetime) -> tuple[Desired, Preview]:
    """The preview, with what the checks say of every domain whose NTA 7516 record is due and asks for them.

    Nothing is checked for the others. Raises `InvalidInput` for settings of the checks that make no sense.
    """
    found = await preview(desired, placement, now)
    waiting = frozenset(_undecided(found))
    if not waiting:
        return desired, found
    desired = desired.with_findings(await _findings(desired, waiting, now))
    return desired, await preview(desired, placement, now)


def _undecided(found: Preview) -> Iterator[DnsName]:
    """The domains whose record waits for what the checks say."""
    for previewed in found.zones:
        outcomes = previewed.preview.plan.outcomes if previewed.preview.plan else {}
        for resource in previewed.zone.records:
            if any(record.reason in _UNDECIDED for record in outcomes.get(resource.owner, ())):
                yield resource.spec.domain_name


async def _findings(
    desired: Desired, domains: frozenset[DnsName], now: datetime
) -> Mapping[DnsName, tuple[PrerequisiteFinding, ...]]:
    known = [_examined(desired, resource) for resource in desired.records]
    examined = [found for found in merged(known) if found.domain in domains]
    try:
        return await prerequisite_findings(examined, desired.request.checks, now)
    except InvalidSettings as error:
        raise InvalidInput(str(error)) from None


def _examined(desired: Desired, resource: RecordResource) -> Examined:
    """The domain of a resource with what the files say of it."""
    domain = resource.spec.domain_name
    match resource.spec:
        case DkimKeySpec():
            ring = desired.key_rings.get(resource.key)
            active = ring.life.active if ring else None
            return Examined(domain, tuple(key.selector for key in active.keys) if active else ())
        case spec:
            return said_by(spec, domain)
