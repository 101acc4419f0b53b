"""`mailseal status`: what the authoritative servers answer against what is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import typer
from rich.text import Text

from mailseal.cli.asjson import failure_value, resource_value, unplaced_value, zone_value
from mailseal.cli.checkoptions import AllowPrivate, CaFiles, Resolvers, TrustAnchors, check_settings
from mailseal.cli.desired import Desired, Request, load
from mailseal.cli.exits import Exit, InvalidInput
from mailseal.cli.keytext import key_texts
from mailseal.cli.options import (
    DEFAULT_OPERATOR_ID,
    DEFAULT_OPERATOR_NAMESPACE,
    Files,
    OperatorId,
    OperatorNamespace,
    Output,
    OutputFormat,
    SecretsDir,
)
from mailseal.cli.outcome import ResourceOutcome, failed_resources
from mailseal.cli.prerequisites import checked_preview
from mailseal.cli.preview import Preview
from mailseal.cli.screen import fail_on, write_json, write_lines
from mailseal.cli.standing import ZoneStanding, standing_of
from mailseal.cli.table import state_style
from mailseal.cli.troubles import note_skipped, write_failures
from mailseal.cli.zones import placed
from mailseal.records.display import displayed


def status(  # noqa: PLR0913 - one argument for each option
    file: Files,
    operator_id: OperatorId = DEFAULT_OPERATOR_ID,
    secrets_dir: SecretsDir = None,
    operator_namespace: OperatorNamespace = DEFAULT_OPERATOR_NAMESPACE,
    resolver: Resolvers = None,
    trust_anchor: TrustAnchors = None,
    ca_file: CaFiles = None,
    allow_private: AllowPrivate = False,
    output: OutputFormat = Output.TEXT,
) -> None:
    """Ask all authoritative servers what they answer, against what is wanted."""
    try:
        checks = check_settings(resolver, trust_anchor, ca_file, allow_private=allow_private)
        desired = load(Request(tuple(file), operator_id, secrets_dir, operator_namespace, checks=checks))
    except InvalidInput as error:
        fail_on(error)
    note_skipped(desired)
    try:
        found, zones = asyncio.run(_status(desired))
    except InvalidInput as error:
        fail_on(error)
    others = failed_resources(found.unplaced)
    resources = [*(resource for zone in zones for resource in zone.resources), *others]
    if output is Output.JSON:
        write_json(_value(found, zones))
    else:
        write_lines(_lines(zones, others))
    write_failures(found)
    raise typer.Exit(Exit.DONE if all(resource.is_good for resource in resources) else Exit.NOT_DONE)


async def _status(desired: Desired) -> tuple[Preview, tuple[ZoneStanding, ...]]:
    async with placed(desired, timedelta(0)) as placement:
        _, found = await checked_preview(desired, placement, datetime.now(UTC))
        return found, await standing_of(found)


def _lines(zones: Sequence[ZoneStanding], others: Sequence[ResourceOutcome]) -> Iterator[Text]:
    for standing in zones:
        zone = standing.previewed.zone
        asked = f", asked {', '.join(standing.servers)}" if standing.servers else ""
        yield Text.assemble(("Zone ", "bold"), (str(zone.name), "bold cyan"), f" at {zone.provider}{asked}")
        for resource in standing.resources:
            yield from _resource_lines(resource)
        yield Text("")
    for resource in others:
        yield from _resource_lines(resource)


def _resource_lines(resource: ResourceOutcome) -> Iterator[Text]:
    yield Text.assemble(f"  {resource.resource.key}: ", (resource.state, state_style(resource.state)))
    for record in resource.records:
        state = str(record.state)
        yield Text.assemble(
            "    ", (state, state_style(state)), f" {record.key}: ", (displayed(record.value), "bold")
        )
        if record.message and record.message not in resource.problems:
            yield Text(f"      ! {record.message}")
    for text in key_texts(resource.key_ring) if resource.key_ring else ():
        yield Text(f"    key {text}")
    for problem in resource.problems:
        yield Text(f"    ! {problem}", style="yellow")


def _value(found: Preview, zones: Sequence[ZoneStanding]) -> dict[str, Any]:
    return {
        "zones": [
            {
                **zone_value(standing.previewed.zone),
                "servers": list(standing.servers),
                "resources": [resource_value(resource) for resource in standing.resources],
                "failure": failure_value(standing.previewed.preview.failure),
            }
            for standing in zones
        ],
        "unplaced": unplaced_value(found.unplaced),
    }
