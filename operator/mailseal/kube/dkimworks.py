"""Whether the mail of a domain can be signed now, told from the statuses of its resources. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.status import ConditionStatus
from mailseal.kube.keystatus import SIGNING
from mailseal.kube.objects import StoredObject
from mailseal.planning.external_selectors import WORKS
from mailseal.planning.keylife.model import KeyState


def dkim_works(at_domain: Iterable[StoredObject]) -> bool:
    """True when one of the resources of a domain has a selector that works now.

    Only those count that were admitted through a provider, so that a mere manifest proves nothing.
    """
    return any(has_working_selector(resource, resource.status) for resource in at_domain)


def has_working_selector(resource: StoredObject, status: Mapping[str, Any]) -> bool:
    """True when `status`, one of the resource's, tells of a selector that works."""
    if not resource.held or resource.deleting:
        return False
    match resource.spec:
        case DkimKeySpec():
            return _signs(status)
        case MailDomainSpec(dkim=dkim) if dkim:
            wanted = {entry.selector for entry in dkim.external_selectors}
            found = status.get("externalSelectors", ())
            return any(entry.get("selector") in wanted and entry.get("state") in WORKS for entry in found)
        case _:
            return False


def _signs(status: Mapping[str, Any]) -> bool:
    conditions = status.get("conditions", ())
    signing = any(
        found.get("type") == SIGNING and found.get("status") == ConditionStatus.TRUE for found in conditions
    )
    return signing and any(key.get("state") == KeyState.ACTIVE for key in status.get("keys", ()))
