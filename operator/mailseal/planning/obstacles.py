"""Why nobody may have a place: what stands there, beside it, or is claimed by somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mailseal.planning.heritage import heritage_key
from mailseal.planning.model import Contribution, Observed
from mailseal.planning.ownership import Ownership
from mailseal.planning.places import Place, Singleton, meaning_of, revokes, singleton_of
from mailseal.planning.reasons import Reason
from mailseal.records.names import DnsName
from mailseal.records.rrset import Rdata, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

NEW_SELECTOR = "a selector is never used for a second key: use a new one"
_SHOWN_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why the winner of a place cannot have it."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What the verdicts on all places depend on."""

    observed: Observed
    ownership: Ownership
    wishes: Mapping[DnsName, Sequence[Contribution]]
    """All contributions, by owner name."""
    upsert_only: bool = False

    def values_at(self, key: RRsetKey) -> tuple[Rdata, ...]:
        """The observed values of an RRset."""
        rrset: RRset | None = self.observed.get(key)
        return rrset.values if rrset else ()

    def may_replace(self, wish: Contribution, value: Rdata) -> bool:
        """True unless `wish` would put another key, or a key at all, where a selector has had one of ours."""
        if wish.replace_own or meaning_of(value, wish.singleton) == meaning_of(wish.value, wish.singleton):
            return True
        return revokes(wish.value) and self.ownership.is_held_by(wish.owner, wish.key, value)

    def leaves(self, key: RRsetKey, value: Rdata) -> bool:
        """True for a value of ours that nobody wants any more, so that this plan removes it."""
        kind = singleton_of(value)
        is_wanted = any(wish.key == key and wish.singleton is kind for wish in self.wishes.get(key.name, ()))
        held = bool(self.ownership.holders(key, value)) and not self.ownership.must_stay(key, value)
        return held and not is_wanted and not self.upsert_only

    def staying_beside(self, cname: RRsetKey) -> Iterator[tuple[RRsetKey, Rdata]]:
        """The values of other types at the name of a CNAME that this plan does not remove."""
        for rtype in RecordType:
            key = RRsetKey(cname.name, rtype)
            if key != cname:
                yield from ((key, value) for value in self.values_at(key) if not self.leaves(key, value))


@dataclass(frozen=True)
class Case:
    """One place with all that bears on it."""

    place: Place
    winner: Contribution
    situation: Situation

    @property
    def ownership(self) -> Ownership:
        """Whose the observed values are."""
        return self.situation.ownership

    @cached_property
    def same_kind(self) -> tuple[Rdata, ...]:
        """The observed values of the place's kind."""
        standing = self.situation.values_at(self.place.key)
        return tuple(value for value in standing if singleton_of(value) is self.place.singleton)

    @cached_property
    def equal(self) -> Rdata | None:
        """The observed value that says what is wanted; of several, the one that is most like it."""
        wanted = self.winner.value
        meaning = meaning_of(wanted, self.place.singleton)
        equals = [value for value in self.same_kind if meaning_of(value, self.place.singleton) == meaning]
        return max(
            equals,
            key=lambda value: (value == wanted, value.identity == wanted.identity, value.identity),
            default=None,
        )

    @cached_property
    def differing(self) -> tuple[Rdata, ...]:
        """The observed values of the kind besides the equal one."""
        return tuple(value for value in self.same_kind if value is not self.equal)

    @property
    def is_alias(self) -> bool:
        """True for the place of a CNAME."""
        return self.place.singleton is Singleton.CNAME


def first_obstacle(case: Case) -> Obstacle | None:
    """What keeps the winner from its place, the most general first; None when nothing does."""
    return next(filter(None, (find(case) for find in _OBSTACLES)), None)


def _cname_in_the_way(case: Case) -> Obstacle | None:
    alias = RRsetKey(case.place.key.name, RecordType.CNAME)
    staying = [value for value in case.situation.values_at(alias) if not case.situation.leaves(alias, value)]
    if case.is_alias or not staying:
        return None
    return Obstacle(
        Reason.CNAME_IN_THE_WAY,
        f"{alias.name} is a CNAME to {staying[0].to_text()}, and no other record may stand "
        "beside it; remove the CNAME",
    )


def _records_in_the_way(case: Case) -> Obstacle | None:
    beside = list(case.situation.staying_beside(case.place.key)) if case.is_alias else []
    if not beside:
        return None
    found = " and ".join(f"{key.rtype} {shown(value)}" for key, value in beside[:2])
    return Obstacle(
        Reason.RECORDS_IN_THE_WAY,
        f"{case.place.key.name} has other records, {found}, and nothing may stand beside a CNAME; "
        "remove them, or do not ask for the CNAME",
    )


def _claimed_by_older_beside(case: Case) -> Obstacle | None:
    """Where a CNAME and something else are wanted at a name that has nothing yet, the older gets it."""
    alias = RRsetKey(case.place.key.name, RecordType.CNAME)
    if case.situation.values_at(alias) or any(case.situation.staying_beside(alias)):
        return None
    rivals = [
        wish
        for wish in case.situation.wishes[alias.name]
        if (wish.singleton is Singleton.CNAME) is not case.is_alias
        and wish.owner.precedence <= case.winner.owner.precedence
    ]
    rival = min(rivals, key=lambda wish: wish.owner.precedence, default=None)
    if rival is None or (rival.owner == case.winner.owner and not case.is_alias):
        return None
    return Obstacle(
        Reason.CLAIMED_BY_OLDER,
        f"{rival.owner} wants the {rival.key.rtype} record at {alias.name}, and nothing may stand beside a "
        "CNAME; ask for one of the two only",
    )


def _claimed_by_operator(case: Case) -> Obstacle | None:
    for value in (*case.same_kind, case.winner.value):
        heritage = case.ownership.foreign_heritage(case.place.key, value)
        if heritage is not None:
            return Obstacle(
                Reason.CLAIMED_BY_OPERATOR,
                f"the mailseal operator {heritage.operator_id!r} claims the {case.place.singleton} record "
                f"{shown(value)} at {case.place.key.name}; delete the resource that publishes it there, "
                f"or, if that operator no longer runs, its value at {heritage_key(heritage.domain).name}",
            )
    return None


def _selector_taken(case: Case) -> Obstacle | None:
    for value in case.differing:
        ours = bool(case.ownership.holders(case.place.key, value))
        if ours and not case.situation.may_replace(case.winner, value):
            what = "a revoked key" if revokes(value) else "another key"
            return Obstacle(
                Reason.SELECTOR_TAKEN,
                f"{case.place.key.name} publishes {what}, {shown(value)}; {NEW_SELECTOR}",
            )
    return None


def _claimed_by_absent(case: Case) -> Obstacle | None:
    for value in case.differing:
        if case.ownership.absent_holders(case.place.key, value):
            return Obstacle(
                Reason.CLAIMED_BY_ABSENT,
                f"{case.place.key.name} has the {case.place.singleton} record {shown(value)}, which mailseal "
                "published for a resource that is not there; delete that record in DNS to have it replaced",
            )
    return None


def _foreign_value(case: Case) -> Obstacle | None:
    foreign = [value for value in case.differing if not _is_ours(case, value)]
    if not foreign or case.winner.replace_foreign:
        return None
    found = " and ".join(shown(value) for value in foreign[:2])
    return Obstacle(
        Reason.FOREIGN_VALUE,
        f"{case.place.key.name} has {_article(case.place.singleton)} {case.place.singleton} record that "
        f"mailseal did not publish: {found}; {_advice(case.winner)}",
    )


_OBSTACLES: tuple[Callable[[Case], Obstacle | None], ...] = (
    _cname_in_the_way,
    _records_in_the_way,
    _claimed_by_older_beside,
    _claimed_by_operator,
    _selector_taken,
    _claimed_by_absent,
    _foreign_value,
)


def _advice(winner: Contribution) -> str:
    if winner.replace_own:
        return "set spec.adoption: Replace to replace it"
    if winner.owner.kind == "DkimKey":
        return "the selector is left alone, and new keys get another one"
    return "the selector is left alone; correct spec.dkim.externalSelectors, or remove that record in DNS"


def _is_ours(case: Case, value: Rdata) -> bool:
    """True for a value of ours. A second copy of the standing value, split otherwise, is somebody else's."""
    is_copy = case.equal is not None and value.identity == case.equal.identity
    return not is_copy and bool(case.ownership.holders(case.place.key, value))


def shown(value: Rdata) -> str:
    """A value for a message, in quotes and cut when it is long."""
    text = value.display if isinstance(value, TxtData) else value.to_text()
    return f'"{text}"' if len(text) <= _SHOWN_CHARACTERS else f'"{text[:_SHOWN_CHARACTERS]}..."'


def _article(singleton: Singleton) -> str:
    """The article before the name as it is read out: an SPF, a DKIM."""
    return "an" if singleton in {Singleton.SPF, Singleton.NTA7516, Singleton.MTA_STS} else "a"
