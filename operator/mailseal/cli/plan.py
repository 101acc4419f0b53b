"""`mailseal plan`: show what apply would write."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from mailseal.cli.asjson import preview_value
from mailseal.cli.checkoptions import AllowPrivate, CaFiles, Resolvers, TrustAnchors, check_settings
from mailseal.cli.desired import Desired, Request, load
from mailseal.cli.exits import InvalidInput
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
from mailseal.cli.plantext import preview_lines
from mailseal.cli.prerequisites import checked_preview
from mailseal.cli.preview import Preview
from mailseal.cli.screen import fail_on, write_json, write_lines
from mailseal.cli.troubles import note_skipped, write_failures
from mailseal.cli.zones import placed


def plan(  # noqa: PLR0913 - one argument for each option
    file: Files,
    operator_id: OperatorId = DEFAULT_OPERATOR_ID,
    secrets_dir: SecretsDir = None,
    operator_namespace: OperatorNamespace = DEFAULT_OPERATOR_NAMESPACE,
    delete: Delete = False,
    expect_no_changes: Annotated[
        bool, typer.Option("--expect-no-changes", help="End with exit code 3 when there are changes.")
    ] = False,
    resolver: Resolvers = None,
    trust_anchor: TrustAnchors = None,
    ca_file: CaFiles = None,
    allow_private: AllowPrivate = False,
    output: OutputFormat = Output.TEXT,
) -> None:
    """Show what apply would write, and write nothing."""
    checks = check_settings(resolver, trust_anchor, ca_file, allow_private=allow_private)
    request = Request(
        tuple(file), operator_id, secrets_dir, operator_namespace, deleting=delete, checks=checks
    )
    try:
        desired = load(request)
    except InvalidInput as error:
        fail_on(error)
    note_skipped(desired)
    try:
        found = asyncio.run(_preview(desired))
    except InvalidInput as error:
        fail_on(error)
    if output is Output.JSON:
        write_json(preview_value(found))
    else:
        write_lines(preview_lines(found))
    write_failures(found)
    raise typer.Exit(found.exit_code(expect_no_changes=expect_no_changes))


async def _preview(desired: Desired) -> Preview:
    async with placed(desired, timedelta(0)) as placement:
        _, found = await checked_preview(desired, placement, datetime.now(UTC))
        return found
