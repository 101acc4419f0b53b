"""`mailseal nta lookup`: is a recipient NTA-ready today, and how does mail to it go?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Set
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from mailseal.checks.answers import Resolver
from mailseal.checks.model import Language
from mailseal.checks.resolving import open_resolver
from mailseal.checks.settings import CheckSettings
from mailseal.cli import checkoptions as options
from mailseal.cli.checkprogress import ProgressBar
from mailseal.cli.checksources import Sources, domain_named
from mailseal.cli.exits import CheckExit, InvalidInput
from mailseal.cli.ntalookup import Sender, look_up_all, standing_of, today_of
from mailseal.cli.ntatext import LookupTable
from mailseal.cli.ntawriters import JsonLookups, LookupWriter, TableLookups
from mailseal.cli.options import Output, OutputFormat
from mailseal.cli.outlet import Outlet
from mailseal.cli.running import run_interruptible
from mailseal.cli.screen import fail_on
from mailseal.records.names import DnsName

nta = typer.Typer(help="Secure ad-hoc mail by NTA 7516.", no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked for."""

    recipients: tuple[DnsName, ...]
    sender: DnsName | None
    partner_network: bool


@nta.callback()
def _about() -> None:
    """Secure ad-hoc mail by NTA 7516."""


@nta.command()
def lookup(  # noqa: PLR0913 - one argument for each option
    domain: options.Domains = None,
    file: options.DomainFiles = None,
    sender: Annotated[
        str | None,
        typer.Option(metavar="DOMAIN", help="Who sends. Default: somebody who is ready."),
    ] = None,
    partner_network: Annotated[
        bool,
        typer.Option(
            "--partner-network",
            help="The recipients are in a network that the sender's provider delivers to directly.",
        ),
    ] = False,
    resolver: options.Resolvers = None,
    trust_anchor: options.TrustAnchors = None,
    query_seconds: Annotated[float, typer.Option(min=0.1, help="How long an answer is waited for.")] = 5.0,
    concurrency: options.Concurrency = options.DEFAULT_AT_ONCE,
    language: options.FindingLanguage = Language.EN,
    output: OutputFormat = Output.TEXT,
    quiet: options.Quiet = False,
) -> None:
    """Say whether recipients are NTA-ready today, and how mail to them goes: directly or through a viewer."""
    settings = replace(
        options.check_settings(resolver, trust_anchor, None, allow_private=False),
        domains_at_once=concurrency,
        query_within=timedelta(seconds=query_seconds),
    )
    try:
        found = Sources(tuple(domain or ()), tuple(file or ())).read()
        asking = domain_named(sender, "--sender: ") if sender else None
        question = Question(tuple(one.domain for one in found), asking, partner_network)
        outlet = Outlet()
        table = LookupTable(language, max(len(name) for name in question.recipients))
        writer = _writer(output, table, outlet, only_open=quiet)
        looking = _look_up(question, settings, writer, outlet, shows_progress=not quiet)
        direct = run_interruptible(looking)
    except InvalidInput as error:
        fail_on(error)
    raise typer.Exit(exit_code(direct))


async def _look_up(
    question: Question,
    settings: CheckSettings,
    writer: LookupWriter,
    outlet: Outlet,
    *,
    shows_progress: bool,
) -> Set[bool | None]:
    """Print all answers as they come; returns whether mail goes directly, as far as that is known."""
    now = datetime.now(UTC)
    today = today_of(now)
    direct: set[bool | None] = set()
    async with _opened(settings, now) as resolver:
        standing = await standing_of(question.sender, resolver, today) if question.sender else None
        sender = Sender(standing, question.partner_network)
        writer.begin(sender)
        lookups = look_up_all(question.recipients, sender, resolver, today, settings.domains_at_once)
        with ProgressBar(len(question.recipients), shown=shows_progress) as bar:
            async with aclosing(lookups):
                async for found in lookups:
                    writer.add(found)
                    with bar.cleared():
                        await outlet.flush()
                    direct.add(found.is_direct)
                    bar.advance()
    writer.end()
    await outlet.flush()
    return direct


@asynccontextmanager
async def _opened(settings: CheckSettings, now: datetime) -> AsyncIterator[Resolver]:
    """The resolver of one run. Raises `InvalidInput` for one that cannot be used."""
    async with AsyncExitStack() as stack:
        try:
            resolver = await stack.enter_async_context(open_resolver(settings, now))
        except ValueError as error:
            raise InvalidInput(str(error)) from error
        yield resolver


def exit_code(direct: Set[bool | None]) -> CheckExit:
    """How a look-up ends that found mail to go directly, or not, or could not tell."""
    if False in direct:
        return CheckExit.FAILED
    return CheckExit.UNDECIDED if None in direct else CheckExit.PASSED


def _writer(output: Output, table: LookupTable, outlet: Outlet, *, only_open: bool) -> LookupWriter:
    if output is Output.JSON:
        return JsonLookups(outlet.write)
    return TableLookups(outlet.show, table, only_open=only_open)
