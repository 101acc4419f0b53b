"""What a status may be believed to say of values in DNS: edited, it makes no foreign value ours."""

from __future__ import annotations

from collections.abc import Mapping

from mailseal.domain.common import RecordOwnerSpec
from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.planning.places import Singleton, can_be_recorded, place_of, selector_at, singleton_of
from mailseal.records.rrset import Rdata, RRsetKey

_AT_SELECTORS = frozenset({Singleton.DKIM, Singleton.CNAME})
_PUBLISHED: Mapping[type[RecordOwnerSpec], frozenset[Singleton]] = {
    MailDomainSpec: frozenset(Singleton) - {Singleton.NTA7516},
    NtaRecordSpec: frozenset({Singleton.NTA7516}),
    DkimKeySpec: _AT_SELECTORS,
}
"""The kinds of value that each kind of resource publishes."""


def is_credible(spec: RecordOwnerSpec, key: RRsetKey, value: Rdata) -> bool:
    """True for a value that a resource of this kind publishes, where it publishes it."""
    singleton = singleton_of(value)
    if singleton not in _PUBLISHED[type(spec)] or not can_be_recorded(key, spec.domain_name):
        return False
    if singleton in _AT_SELECTORS:
        return selector_at(key.name, spec.domain_name) is not None
    return key == place_of(singleton, spec.domain_name).key
