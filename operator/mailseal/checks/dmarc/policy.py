"""The DMARC policy that is in effect for a domain, wherever its record stands."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailseal.records.dmarc import Dmarc, DmarcPolicy, Scope

STRICTNESS = tuple(DmarcPolicy)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one record does for a domain (RFC 9989 sections 4.7 and 4.10.1)."""

    record: Dmarc
    scope: Scope

    @property
    def policy(self) -> DmarcPolicy:
        """What receivers do with mail of the domain that fails; `t=y` is reckoned with."""
        return self.record.effective_policy(self.scope)

    @property
    def untested(self) -> DmarcPolicy:
        """What it would be without `t=y`."""
        return replace(self.record, testing=False).effective_policy(self.scope)

    @property
    def weaker(self) -> tuple[tuple[str, DmarcPolicy], ...]:
        """The tags `sp` and `np` that ask less for names below than holds for the domain, with their values.

        `np` without a value is what `sp` says, and is not named then.
        """
        record = self.record
        asked = (
            ("sp", record.subdomain_policy, Scope.SUBDOMAIN),
            ("np", record.nonexistent_policy, Scope.NONEXISTENT),
        )
        return tuple(
            (tag, value)
            for tag, value, scope in asked
            if value is not None and is_weaker(record.effective_policy(scope), self.policy)
        )


def is_weaker(policy: DmarcPolicy, than: DmarcPolicy) -> bool:
    """True when `policy` asks less of receivers."""
    return STRICTNESS.index(policy) < STRICTNESS.index(than)
