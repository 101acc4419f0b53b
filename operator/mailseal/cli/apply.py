"""`mailseal apply`: write what plan shows, after asking, and say what came of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from mailseal.cli.asjson import applied_value, preview_value, unplaced_value
from mailseal.cli.checkoptions import AllowPrivate, CaFiles, Resolvers, TrustAnchors, check_settings
from mailseal.cli.desired import Desired, Request, load
from mailseal.cli.exits import Exit, InvalidInput
from mailseal.cli.keys import KeyRing, Step, check_can_make, take_step
from mailseal.cli.keysteps import sync_with_keys
from mailseal.cli.options import (
    DEFAULT_OPERATOR_ID,
    DEFAULT_OPERATOR_NAMESPACE,
    Delete,
    Files,
    OperatorId,
    OperatorNamespace,
    Output,
    OutputFormat,
    SecretsDir,
)
from mailseal.cli.outcome import FAILED, AppliedZone, ResourceOutcome, applied_zone, failed_resources
from mailseal.cli.outcometext import outcome_lines
from mailseal.cli.plantext import preview_lines
from mailseal.cli.prerequisites import checked_preview
from mailseal.cli.preview import ZONES_AT_ONCE, Preview, PreviewedZone
from mailseal.cli.screen import fail_on, write_error, write_json, write_lines, write_note
from mailseal.cli.secretfiles import SecretFiles
from mailseal.cli.troubles import note_skipped, write_failures
from mailseal.cli.zones import placed
from mailseal.domain.provider import SyncPolicy
from mailseal.engine.objectkey import ObjectKey


@dataclass(frozen=True, slots=True)
class Consent:
    """How the plan is agreed to."""

    given: bool
    """The user said so beforehand."""
    output: Output


def apply(  # noqa: PLR0913 - one argument for each option
    file: Files,
    operator_id: OperatorId = DEFAULT_OPERATOR_ID,
    secrets_dir: SecretsDir = None,
    operator_namespace: OperatorNamespace = DEFAULT_OPERATOR_NAMESPACE,
    delete: Delete = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before writing.")] = False,
    confirm_plan: Annotated[
        list[str] | None,
        typer.Option(metavar="DIGEST", help="Let the deletions through that were refused. Repeatable."),
    ] = None,
    verify_seconds: Annotated[
        float, typer.Option(min=0, help="How long to wait until all authoritative servers answer.")
    ] = 30.0,
    resolver: Resolvers = None,
    trust_anchor: TrustAnchors = None,
    ca_file: CaFiles = None,
    allow_private: AllowPrivate = False,
    output: OutputFormat = Output.TEXT,
) -> None:
    """Write what plan shows, after asking, and say what came of it."""
    checks = check_settings(resolver, trust_anchor, ca_file, allow_private=allow_private)
    confirmed = frozenset(confirm_plan or ())
    request = Request(tuple(file), operator_id, secrets_dir, operator_namespace, delete, confirmed, checks)
    try:
        desired = load(request)
        _check_can_make_keys(desired)
    except InvalidInput as error:
        fail_on(error)
    note_skipped(desired)
    within = timedelta(seconds=verify_seconds)
    try:
        ended = asyncio.run(_apply(desired, within, Consent(yes, output)))
    except InvalidInput as error:
        fail_on(error)
    raise typer.Exit(ended)


def _check_can_make_keys(desired: Desired) -> None:
    faults: list[str] = []
    for ring in desired.key_rings.values():
        try:
            check_can_make(ring, desired.secrets)
        except InvalidInput as error:
            faults += error.faults
    if faults:
        raise InvalidInput(*faults)


async def _apply(desired: Desired, verify_within: timedelta, consent: Consent) -> Exit:
    now = datetime.now(UTC)
    async with placed(desired, verify_within) as placement:
        desired, found = await checked_preview(desired, placement, now)
        if consent.output is Output.TEXT or not consent.given:
            write_lines(preview_lines(found), err=consent.output is Output.JSON)
        write_failures(found)
        if found.has_changes and not consent.given:
            refused = _ask()
            if refused:
                return refused
        desired, secrets = await _with_new_keys(desired, found)
        zones = await _sync(desired, found, now)
    others = (*_unread(found), *failed_resources(found.unplaced))
    if consent.output is Output.JSON:
        write_json(_value(found, zones, secrets))
    else:
        write_lines(outcome_lines(zones, others))
    return Exit.DONE if not others and all(zone.is_done for zone in zones) else Exit.NOT_DONE


def _ask() -> Exit | None:
    """None when the user agrees, else how to end."""
    if not sys.stdin.isatty():
        write_error("there are changes and nobody to ask: look at them with plan, then run apply with --yes")
        return Exit.INVALID
    if typer.confirm("Write these changes?", err=True):
        return None
    write_note("nothing was written")
    return Exit.NOT_DONE


async def _with_new_keys(desired: Desired, found: Preview) -> tuple[Desired, tuple[Path, ...]]:
    """Make the keys that are missing, one after the other; each is on disk before anything is published.

    Keys that cannot be made keep nobody else from what is to be published.
    """
    rings: dict[ObjectKey, KeyRing] = {}
    paths: list[Path] = []
    for previewed in found.zones:
        if previewed.preview.plan is None or previewed.zone.settings.policy is SyncPolicy.DRY_RUN:
            continue
        for ring in previewed.lacking:
            try:
                step = await _with_keys_made(ring, desired.secrets)
            except InvalidInput as error:
                rings[ring.dkim_key] = replace(ring, fault=str(error))
                continue
            rings[ring.dkim_key] = step.ring
            paths += [step.path] if step.path else []
            write_note(f"made keys for {ring.dkim_key}: {ring.secret_key} is in {step.path}")
    return desired.with_key_rings(rings), tuple(paths)


async def _with_keys_made(ring: KeyRing, files: SecretFiles) -> Step:
    """The step that makes keys, after those that come before it. Raises `InvalidInput`."""
    step = Step(ring, None, ())
    while step.ring.missing and (following := await take_step(step.ring, files)):
        step = following
    return step


async def _sync(desired: Desired, found: Preview, now: datetime) -> tuple[AppliedZone, ...]:
    slots = asyncio.Semaphore(ZONES_AT_ONCE)

    async def one(previewed: PreviewedZone) -> AppliedZone:
        zone = previewed.zone
        async with slots:
            outcome, rings = await sync_with_keys(desired, zone, now)
        return applied_zone(zone, outcome, rings, deleting=desired.request.deleting)

    readable = [previewed for previewed in found.zones if previewed.preview.plan is not None]
    zones = tuple(await asyncio.gather(*(one(previewed) for previewed in readable)))
    for applied in zones:
        if applied.outcome.failure:
            write_error(f"{applied.zone}: {applied.outcome.failure}")
    return zones


def _unread(found: Preview) -> tuple[ResourceOutcome, ...]:
    """The resources of zones that could not be read, which were then left alone."""
    return tuple(
        ResourceOutcome(resource, FAILED, (), (str(previewed.preview.failure),))
        for previewed in found.zones
        if previewed.preview.plan is None
        for resource in previewed.zone.records
    )


def _value(found: Preview, zones: Sequence[AppliedZone], secrets: Sequence[Path]) -> dict[str, Any]:
    return {
        "plan": preview_value(found),
        "secrets": [str(path) for path in secrets],
        "zones": [applied_value(zone) for zone in zones],
        "unplaced": unplaced_value(found.unplaced),
    }
