"""From RRset changes to the changes that a webhook carries out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mailseal.providers.base import Refused
from mailseal.providers.webhook.listing import HeldSet, Listing
from mailseal.providers.webhook.protocol import Changes
from mailseal.providers.webhook.txtforms import TxtForm
from mailseal.records.change import RRsetChange
from mailseal.records.rrset import MxData, Rdata, RRset
from mailseal.records.txt import InvalidTxt, TxtData


def in_steps(changes: Sequence[RRsetChange]) -> tuple[tuple[RRsetChange, ...], ...]:
    """The changes, in the order in which a webhook may carry them out: one step or two.

    Webhooks create before they delete, and a CNAME bears nothing beside it: where one gives way at a name to
    another type, or takes its place, the deletion is a step of its own.
    """
    created = {change.key.name for change in changes if change.before is None}
    first = tuple(change for change in changes if change.after is None and change.key.name in created)
    rest = tuple(change for change in changes if change not in first)
    return tuple(step for step in (first, rest) if step)


def to_changes(changes: Iterable[RRsetChange], listing: Listing, form: TxtForm) -> Changes:
    """The changes as the webhook understands them. Raises `Refused` for a value that its form cannot hold.

    What exists is named as the webhook listed it, and what stays keeps its target, so that values of others
    go back as they came.
    """
    create: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    delete: list[dict[str, Any]] = []
    for change in changes:
        _check_listed(change, form)
        held = listing.held(change.key)
        if change.after is None and held is not None:
            delete.append(_endpoint(held, tuple(target for _, target in held.targets), held.rrset))
        elif change.after is not None and held is None:
            create.append(endpoint_body(change.after, form))
        elif change.after is not None and held is not None:
            gone, there = _updated(held, change.after, form)
            old.append(_endpoint(held, gone, held.rrset))
            new.append(_endpoint(held, there, change.after))
    return Changes(tuple(create), tuple(old), tuple(new), tuple(delete))


def _updated(held: HeldSet, after: RRset, form: TxtForm) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The targets before and after an update."""
    targets = dict(held.targets)
    _check_returns(held, after, form)
    if form.by_difference:
        stay = targets if held.rrset.ttl_seconds == after.ttl_seconds else {}
        kept = {value for value in after.values if value in stay}
        gone = tuple(target for value, target in held.targets if value not in kept)
        return gone, tuple(_target(value, form) for value in after.values if value not in kept)
    there = tuple(targets[value] if value in targets else _target(value, form) for value in after.values)
    return tuple(target for _, target in held.targets), there


def _check_listed(change: RRsetChange, form: TxtForm) -> None:
    if change.key.rtype not in form.lists:
        raise Refused(
            f"this webhook lists no {change.key.rtype} records: what {change.key.name} holds cannot be told"
        )


def _check_returns(held: HeldSet, after: RRset, form: TxtForm) -> None:
    """Refuse to send back what a webhook may understand as something else."""
    for value, target in held.targets:
        if value in after.values and isinstance(value, TxtData) and not form.returns(target):
            raise Refused(
                f"{after.key} holds values that the webhook lists without quotes, such as {target[:60]!r}, "
                "and whether it takes them back like that is not known: set webhook.txtForm to what its "
                "documentation says"
            )


def endpoint_body(after: RRset, form: TxtForm) -> dict[str, Any]:
    """The endpoint of a whole set in JSON. Raises `Refused` for a value that the form cannot hold."""
    return {
        "dnsName": str(after.key.name),
        "recordType": str(after.key.rtype),
        "targets": [_target(value, form) for value in after.values],
        "recordTTL": after.ttl_seconds,
    }


def _endpoint(held: HeldSet, targets: tuple[str, ...], rrset: RRset) -> dict[str, Any]:
    ttl = {"recordTTL": rrset.ttl_seconds} if rrset.ttl_seconds else {}
    return {**held.endpoint.body, "targets": list(targets), **ttl}


def _target(value: Rdata, form: TxtForm) -> str:
    """Names are written without their final dot, as external-dns writes them, but for the root."""
    if isinstance(value, TxtData):
        try:
            return form.write(value)
        except InvalidTxt as error:
            raise Refused(f"{value.display[:60]!r}: {error}") from None
    if isinstance(value, MxData):
        return f"{value.preference} {value.exchange or '.'}"
    return str(value.target)
