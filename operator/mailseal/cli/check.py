"""`mailseal check`: what domains show to the world, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import typer

from mailseal.checks.model import Examined, Language, Outcome, Subject
from mailseal.checks.opening import InvalidSettings
from mailseal.checks.registry import EXAMINERS
from mailseal.checks.run import check_domains
from mailseal.checks.serialize import CheckedDomain
from mailseal.checks.settings import CheckSettings
from mailseal.cli import checkoptions as options
from mailseal.cli.checkformats import CheckOutput, JsonLinesWriter, JsonWriter, ResultWriter, Write
from mailseal.cli.checkjunit import JunitWriter
from mailseal.cli.checkoptions import FailOn
from mailseal.cli.checkprogress import ProgressBar
from mailseal.cli.checksarif import SarifWriter
from mailseal.cli.checksources import Sources
from mailseal.cli.checktext import Looks, TextWriter, looks_for
from mailseal.cli.exits import CheckExit, InvalidInput
from mailseal.cli.outlet import Outlet
from mailseal.cli.running import run_interruptible
from mailseal.cli.screen import fail_on

_WRITERS: Final[Mapping[CheckOutput, Callable[[Write, Language], ResultWriter]]] = {
    CheckOutput.JSON: JsonWriter,
    CheckOutput.JSONL: JsonLinesWriter,
    CheckOutput.JUNIT: JunitWriter,
    CheckOutput.SARIF: SarifWriter,
}
_FAILING: Final = {
    FailOn.FAIL: frozenset({Outcome.FAIL}),
    FailOn.UNKNOWN: frozenset({Outcome.FAIL, Outcome.UNKNOWN}),
    FailOn.WARN: frozenset({Outcome.FAIL, Outcome.UNKNOWN, Outcome.WARN}),
    FailOn.NEVER: frozenset[Outcome](),
}


def check(  # noqa: PLR0913 - one argument for each option
    domain: options.Domains = None,
    file: options.DomainFiles = None,
    kube: options.Kube = False,
    namespace: options.Namespace = "",
    selector: options.Selectors = None,
    relay: options.Relay = None,
    subject: options.Subjects = None,
    resolver: options.Resolvers = None,
    trust_anchor: options.TrustAnchors = None,
    ca_file: options.CaFiles = None,
    allow_private: options.AllowPrivate = False,
    smtp_port: options.SmtpPort = 25,
    https_port: options.HttpsPort = 443,
    concurrency: options.Concurrency = options.DEFAULT_AT_ONCE,
    domain_seconds: options.DomainSeconds = options.DEFAULT_DOMAIN_SECONDS,
    language: options.FindingLanguage = Language.EN,
    output: options.ResultOutput = CheckOutput.TABLE,
    details: options.Details = False,
    fail_from: options.FailOnOption = FailOn.FAIL,
    quiet: options.Quiet = False,
) -> None:
    """Look at mail domains as the world sees them, and say what to do."""
    sources = Sources(tuple(domain or ()), tuple(file or ()), kube, namespace, tuple(selector or ()), relay)
    settings = replace(
        options.check_settings(resolver, trust_anchor, ca_file, allow_private=allow_private),
        smtp_port=smtp_port,
        https_port=https_port,
        domains_at_once=concurrency,
        domain_within=timedelta(seconds=domain_seconds),
    )
    subjects = tuple(each for each in EXAMINERS if not subject or each in subject)
    try:
        domains = sources.read()
        outlet = Outlet()
        names = [examined.domain for examined in domains]
        looks = looks_for(names, subjects, language, details=details, only_open=quiet)
        run = Run(
            domains, settings, _writer(output, looks, outlet), outlet, subjects, shows_progress=not quiet
        )
        seen = run_interruptible(run.to_the_end())
    except InvalidInput as error:
        fail_on(error)
    except InvalidSettings as error:
        fail_on(InvalidInput(str(error)))
    raise typer.Exit(exit_code(seen, fail_from))


@dataclass(frozen=True, slots=True)
class Run:
    """One run and where its results go."""

    domains: Sequence[Examined]
    settings: CheckSettings
    writer: ResultWriter
    outlet: Outlet
    subjects: Collection[Subject] = tuple(EXAMINERS)
    shows_progress: bool = False

    async def to_the_end(self) -> Set[Outcome]:
        """Print all results as they come; returns the outcomes among their findings."""
        now = datetime.now(UTC)
        examiners = {subject: EXAMINERS[subject] for subject in self.subjects}
        seen: set[Outcome] = set()
        with ProgressBar(len(self.domains), shown=self.shows_progress) as bar:
            async with aclosing(check_domains(self.domains, self.settings, now, examiners)) as results:
                async for result in results:
                    if bar.done == 0:
                        self.writer.begin()
                    self.writer.add(CheckedDomain(result, now))
                    with bar.cleared():
                        await self.outlet.flush()
                    seen.update(finding.outcome for finding in result.findings)
                    bar.advance()
        self.writer.end()
        await self.outlet.flush()
        return seen


def exit_code(seen: Set[Outcome], fail_from: FailOn) -> CheckExit:
    """How a run ends that came to these outcomes."""
    if seen & _FAILING[fail_from]:
        return CheckExit.FAILED
    if Outcome.UNKNOWN in seen and fail_from is not FailOn.NEVER:
        return CheckExit.UNDECIDED
    return CheckExit.PASSED


def _writer(output: CheckOutput, looks: Looks, outlet: Outlet) -> ResultWriter:
    if output is CheckOutput.TABLE:
        return TextWriter(outlet.show, looks)
    return _WRITERS[output](outlet.write, looks.language)
