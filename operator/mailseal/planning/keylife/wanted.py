"""What a life wants in DNS: a pure function of what is committed, never of the clock."""

from __future__ import annotations

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.rotation import RevocationMethod
from mailseal.planning.keylife.model import KeyLife, KeySet
from mailseal.planning.model import DkimPublicKey


def wanted_records(life: KeyLife, spec: DkimKeySpec) -> tuple[DkimPublicKey, ...]:
    """The records that shall stand: each key, or that it is revoked."""
    return tuple(
        DkimPublicKey(key.selector, key.revoked_record if found.revoking_at else key.record)
        for found, key in life.all_keys()
        if not _is_released(found, spec)
    )


def released_selectors(life: KeyLife, spec: DkimKeySpec) -> frozenset[str]:
    """The selectors at which nothing of ours shall stand any more."""
    return frozenset(key.selector for found, key in life.all_keys() if _is_released(found, spec))


def _is_released(found: KeySet, spec: DkimKeySpec) -> bool:
    deleted = spec.revocation.method is RevocationMethod.DELETE and found.revoking_at is not None
    return found.removing_at is not None or deleted
