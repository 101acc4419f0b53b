"""From stored resources to the claims that planning decides on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mailseal.domain.common import RecordOwnerSpec
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.kube.dkim_secrets import SecretView
from mailseal.kube.objects import StoredObject
from mailseal.planning.model import Claim, RecordState, RememberedValue
from mailseal.records.display import parse_displayed
from mailseal.records.months import Month
from mailseal.records.names import DnsName
from mailseal.records.nta7516 import NtaDates
from mailseal.records.rrset import RecordType, RRsetKey

WRITTEN_STATES = frozenset({RecordState.PUBLISHED, RecordState.PROPAGATING, RecordState.REMOVING})
"""States of a record that say that we wrote it."""


def claim_of(resource: StoredObject, secret: SecretView | None) -> Claim | None:
    """The resource's claim; None while its spec is invalid."""
    spec = resource.spec
    if not isinstance(spec, MailDomainSpec | DkimKeySpec | NtaRecordSpec):
        return None
    return Claim(
        owner=resource.owner,
        spec=spec,
        deleting=resource.deleting,
        remembered=tuple(_remembered(resource.status.get("records", ()))),
        dkim_keys=tuple(key.public for key in secret.keys) if secret else (),
        nta_dates=_nta_dates(resource.status),
    )


def rival_of(resource: StoredObject, others: Iterable[StoredObject]) -> StoredObject | None:
    """The older resource of the same kind and domain in another namespace that goes through another provider.

    Two claims through one provider meet in its plan. Through different providers they never would, and one
    namespace could take another's domain. Within one namespace it is split-horizon DNS and left alone.
    Any number of DkimKeys may share a domain: they meet at a selector only.
    """
    if not isinstance(resource.spec, RecordOwnerSpec) or isinstance(resource.spec, DkimKeySpec):
        return None
    older = [
        other
        for other in others
        if other.key.kind == resource.key.kind
        and other.key.namespace != resource.key.namespace
        and other.provider_key != resource.provider_key
        and other.owner.precedence < resource.owner.precedence
        and not other.deleting
    ]
    return min(older, key=lambda other: other.owner.precedence, default=None)


def _remembered(records: Iterable[Mapping[str, Any]]) -> Iterable[RememberedValue]:
    """The values that a status says were written; entries that cannot be read are nobody's."""
    for record in records:
        try:
            if RecordState(record["state"]) in WRITTEN_STATES:
                rtype = RecordType(record["type"])
                key = RRsetKey(DnsName.parse(record["name"]), rtype)
                yield RememberedValue(key, parse_displayed(rtype, record["value"]).identity)
        except (KeyError, ValueError):
            continue


def _nta_dates(status: Mapping[str, Any]) -> NtaDates | None:
    try:
        return NtaDates(Month.parse(status["startMonth"]), Month.parse(status["endMonth"]))
    except (KeyError, ValueError):
        return None
