"""Where the facts of a report come from: result files, a cluster, or checks made now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailseal.checks.model import Examined
from mailseal.checks.run import check_domains
from mailseal.checks.serialize import CheckedDomain, UnreadableResults, read_results
from mailseal.checks.settings import CheckSettings
from mailseal.cli.checkmanifests import KINDS, Unusable, examined_of, is_about_mail
from mailseal.cli.checkprogress import ProgressBar
from mailseal.cli.checksources import Sources
from mailseal.cli.exits import InvalidInput
from mailseal.cli.manifests import read_text, shown_name
from mailseal.cli.running import run_interruptible
from mailseal.cli.screen import write_note
from mailseal.reporting.model import SourceKind


@dataclass(frozen=True, slots=True)
class Facts:
    """What the report is made from."""

    kind: SourceKind
    name: str
    """Of the files or the cluster; may be empty."""
    checked: tuple[CheckedDomain, ...]
    bodies: tuple[Mapping[str, Any], ...] = ()
    """The resources of the cluster."""


def gather(
    sources: Sources, results: Sequence[str], settings: CheckSettings, now: datetime, *, quiet: bool
) -> Facts:
    """Everything that the report is made from. Raises `InvalidInput`."""
    bodies, cluster = _in_cluster(sources.namespace) if sources.cluster else ((), "")
    if results:
        if sources.domains or sources.files:
            raise InvalidInput("--results has its own domains: leave out DOMAIN and --file")
        checked = _in_files(results)
        names = ", ".join(dict.fromkeys((*map(shown_name, results), *([cluster] if cluster else []))))
        return Facts(SourceKind.RESULTS, names, checked, bodies)
    domains = _domains(sources, bodies)
    checked = tuple(run_interruptible(_check(domains, settings, now, quiet=quiet)))
    kind = SourceKind.CLUSTER if sources.cluster else SourceKind.CHECKS
    return Facts(kind, cluster, checked, bodies)


def _domains(sources: Sources, bodies: Iterable[Mapping[str, Any]]) -> tuple[Examined, ...]:
    """The domains that are named, listed, or in a resource. Raises `InvalidInput` when there are none."""
    known: list[Examined] = []
    for body in filter(is_about_mail, bodies):
        found = examined_of(body)
        if isinstance(found, Unusable):
            write_note(f"{found.resource} is left out: {'; '.join(found.faults)}")
        else:
            known += found
    return sources.read(known)


def _in_files(files: Sequence[str]) -> tuple[CheckedDomain, ...]:
    checked: list[CheckedDomain] = []
    faults: list[str] = []
    for file in files:
        text = read_text(file, faults)
        try:
            checked += read_results(text or "")
        except UnreadableResults as error:
            faults.append(f"{shown_name(file)}: {error}")
    if faults:
        raise InvalidInput(*faults)
    if not checked:
        raise InvalidInput("there are no results in the files: write them with mailseal check --output json")
    return tuple(checked)


def _in_cluster(namespace: str) -> tuple[tuple[Mapping[str, Any], ...], str]:
    """All resources, and how the kubeconfig calls the cluster. Raises `InvalidInput`."""
    from mailseal.kube.contextname import context_name
    from mailseal.kube.reading import ClusterUnreadable, read_resources

    async def read() -> tuple[Mapping[str, Any], ...]:
        return tuple([body async for body in read_resources(KINDS, namespace)])

    try:
        return asyncio.run(read()), context_name()
    except ClusterUnreadable as error:
        raise InvalidInput(str(error)) from error


async def _check(
    domains: Sequence[Examined], settings: CheckSettings, now: datetime, *, quiet: bool
) -> list[CheckedDomain]:
    checked: list[CheckedDomain] = []
    with ProgressBar(len(domains), shown=not quiet) as bar:
        async with aclosing(check_domains(domains, settings, now)) as results:
            async for result in results:
                checked.append(CheckedDomain(result, now))
                bar.advance()
    return checked
