"""The domains of the resources of a cluster.

Only here do the commands that check reach for Kubernetes, and only when asked: its client takes longer to
load than most runs take.
"""

from __future__ import annotations

from mailseal.checks.model import Examined
from mailseal.cli.checkmanifests import KINDS, Unusable, examined_of
from mailseal.cli.exits import InvalidInput
from mailseal.cli.running import run_interruptible
from mailseal.cli.screen import write_note


def examined_in_cluster(namespace: str) -> tuple[Examined, ...]:
    """The domains of all MailDomains, DkimKeys and NtaRecords in `namespace`, or everywhere when empty.

    A resource that is not valid is noted and left out. Raises `InvalidInput` when the cluster cannot be
    read.
    """
    from mailseal.kube.reading import ClusterUnreadable

    try:
        return run_interruptible(_read(namespace))
    except ClusterUnreadable as error:
        raise InvalidInput(str(error)) from error


async def _read(namespace: str) -> tuple[Examined, ...]:
    from mailseal.kube.reading import read_resources

    domains: list[Examined] = []
    async for body in read_resources(KINDS, namespace):
        found = examined_of(body)
        if isinstance(found, Unusable):
            write_note(f"{found.resource} is left out: {'; '.join(found.faults)}")
        else:
            domains += found
    return tuple(domains)
