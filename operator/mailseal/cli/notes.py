"""What a user should know about a plan besides its changes. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailseal.cli.keytext import texts_under_way
from mailseal.cli.preview import PreviewedZone
from mailseal.domain.provider import SyncPolicy
from mailseal.engine.safety import REFUSAL_REASON
from mailseal.planning.model import RecordState, ZonePlan

WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Note:
    """One remark."""

    kind: str
    """A record state, or one of Blocked, DryRun, Keys, NewKey, Orphan, PlanRefused and Warning."""
    resource: str
    """The resource that it is about; empty: the zone."""
    record: str
    """Name and type of the record that it is about; empty: none in particular."""
    reason: str
    message: str


def notes_on(previewed: PreviewedZone) -> tuple[Note, ...]:
    """All remarks on one zone's plan, the worst first."""
    return (
        *_refusal(previewed),
        *_blocked(previewed),
        *_records(previewed.preview.plan),
        *_warnings(previewed.preview.plan),
        *_new_keys(previewed),
        *_keys_under_way(previewed),
        *_orphans(previewed.preview.plan),
        *_policy(previewed),
    )


def refusal_message(deletes: int, owned_values: int, digest: str, resources: str) -> str:
    """What to do about deletions that the delete limit holds back."""
    return (
        f"{deletes} of mailseal's {owned_values} values in the zone would be deleted, over the delete limit "
        f"of the provider, so that apply leaves these resources as they are: {resources}; to let it, run "
        f"apply with --confirm-plan {digest}"
    )


def _refusal(previewed: PreviewedZone) -> Iterator[Note]:
    refusal = previewed.preview.refusal
    if refusal:
        names = ", ".join(sorted(str(owner) for owner in refusal.owners))
        message = refusal_message(refusal.deletes, refusal.owned_values, refusal.digest, names)
        yield Note(REFUSAL_REASON, "", "", REFUSAL_REASON, message)


def _blocked(previewed: PreviewedZone) -> Iterator[Note]:
    for owner, problem in previewed.preview.blocked.items():
        yield Note("Blocked", str(owner), "", "NameNotServed", problem)


def _records(plan: ZonePlan | None) -> Iterator[Note]:
    """What is said of single values; what is among the warnings, too, is left to them."""
    for owner, records in plan.outcomes.items() if plan else ():
        warnings = plan.warnings.get(owner, ()) if plan else ()
        for record in records:
            if record.message and record.message not in warnings:
                kind = WARNING if record.state is RecordState.PUBLISHED else str(record.state)
                yield Note(kind, str(owner), str(record.key), str(record.reason), record.message)


def _warnings(plan: ZonePlan | None) -> Iterator[Note]:
    for owner, texts in plan.warnings.items() if plan else ():
        for text in dict.fromkeys(texts):
            yield Note(WARNING, str(owner), "", "", text)


def _new_keys(previewed: PreviewedZone) -> Iterator[Note]:
    for ring in previewed.key_rings:
        for key in ring.missing:
            algorithm = f"{key.algorithm} key of {key.bits} bits"
            message = f"apply makes an {algorithm}, writes it to {ring.secret_key} and publishes it"
            yield Note("NewKey", str(ring.dkim_key), "", "", message)


def _keys_under_way(previewed: PreviewedZone) -> Iterator[Note]:
    for ring in previewed.key_rings:
        for text in texts_under_way(ring):
            yield Note("Keys", str(ring.dkim_key), "", "", text)


def _orphans(plan: ZonePlan | None) -> Iterator[Note]:
    for key, text in plan.orphans if plan else ():
        message = (
            f"{text} was published for a resource that is not in the files, and stays; to remove it, run "
            "mailseal apply --delete with that resource's manifest"
        )
        yield Note("Orphan", "", str(key), "", message)


def _policy(previewed: PreviewedZone) -> Iterator[Note]:
    if previewed.zone.settings.policy is SyncPolicy.DRY_RUN and previewed.has_changes:
        yield Note("DryRun", "", "", "DryRun", "the provider's policy is DryRun: apply writes none of this")
