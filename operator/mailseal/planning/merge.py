"""Who gets which place: the oldest resource, unless something that is not ours to change is in the way.

| Found at the place                              | Adoption Equal     | Adoption Replace   |
|-------------------------------------------------|--------------------|--------------------|
| nothing of the kind                             | add                | add                |
| a value that says the same, however it is split | adopt as it stands | adopt as it stands |
| a differing value of ours                       | replace            | replace            |
| the same, for DKIM with another key             | SelectorTaken      | SelectorTaken      |
| a differing foreign value                       | ForeignValue       | replace            |
| a differing value of an absent resource of ours | ClaimedByAbsent    | ClaimedByAbsent    |
| any value that another operator claims          | ClaimedByOperator  | ClaimedByOperator  |
| a CNAME                                         | CnameInTheWay      | CnameInTheWay      |

A value that is not of the place's kind is never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from mailseal.planning.heritage import heritage_key
from mailseal.planning.model import Contribution, Observed, Singleton
from mailseal.planning.ownership import Ownership
from mailseal.planning.places import Place, meaning_of, singleton_of
from mailseal.planning.reasons import Reason
from mailseal.records.dkim import DkimRecord, same_key
from mailseal.records.errors import InvalidRecord
from mailseal.records.rrset import Rdata, RecordType, RRset, RRsetKey
from mailseal.records.txt import TxtData

_SHOWN_CHARACTERS = 120
_NEW_SELECTOR = "a selector is never used for a second key: use a new one"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why the winner of a place cannot have it."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one place."""

    place: Place
    winner: Contribution
    losers: tuple[Contribution, ...]
    obstacle: Obstacle | None
    """Set: nothing is written at the place."""
    gives_way: tuple[Rdata, ...] = ()
    """The observed values that the winner's value takes the place of."""
    standing: Rdata | None = None
    """The value that stands already and says what is wanted: it stays as it is."""

    @property
    def granted(self) -> Rdata | None:
        """The value that the place holds from now on; None when nothing is written."""
        return None if self.obstacle else self.standing or self.winner.value

    @property
    def is_new(self) -> bool:
        """True when the granted value is to be added."""
        return self.obstacle is None and self.standing is None


@dataclass(frozen=True)
class _Case:
    """One place with all that bears on it."""

    place: Place
    winner: Contribution
    observed: Observed
    ownership: Ownership

    @cached_property
    def same_kind(self) -> tuple[Rdata, ...]:
        """The observed values of the place's kind."""
        rrset = self.observed.get(self.place.key)
        return tuple(value for value in _values(rrset) if singleton_of(value) is self.place.singleton)

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


def settle(
    contributions: Iterable[Contribution], observed: Observed, ownership: Ownership
) -> dict[Place, Verdict]:
    """The verdict on every place that somebody wants, in the order of places."""
    contenders: dict[Place, list[Contribution]] = {}
    for contribution in contributions:
        place = Place(contribution.key, contribution.singleton)
        contenders.setdefault(place, []).append(contribution)
    return {place: _verdict(place, contenders[place], observed, ownership) for place in sorted(contenders)}


def obstacle_of_loser(verdict: Verdict, loser: Contribution) -> Obstacle:
    """Why a resource that wants a place does not get it."""
    winner, place = verdict.winner.owner, verdict.place
    if loser.owner.precedence < winner.precedence:
        return Obstacle(
            Reason.SELECTOR_TAKEN, f"{winner} has published its key at {place.key.name}; {_NEW_SELECTOR}"
        )
    return Obstacle(
        Reason.CLAIMED_BY_OLDER,
        f"{winner} is older and wants the {place.singleton} record at {place.key.name}, too; "
        "ask for it in one of the two only",
    )


def _verdict(
    place: Place, contenders: list[Contribution], observed: Observed, ownership: Ownership
) -> Verdict:
    standing = _values(observed.get(place.key))
    winner, *losers = sorted(contenders, key=lambda contender: _rank(contender, standing))
    case = _Case(place, winner, observed, ownership)
    obstacle = next(filter(None, (find(case) for find in _OBSTACLES)), None)
    if obstacle:
        return Verdict(place, winner, tuple(losers), obstacle)
    return Verdict(place, winner, tuple(losers), None, gives_way=case.differing, standing=case.equal)


def _rank(contender: Contribution, standing: tuple[Rdata, ...]) -> tuple[bool, object]:
    """The older first; but a DKIM key that stands already comes before all that want its selector."""
    meaning = meaning_of(contender.value, contender.singleton)
    stands = any(meaning_of(value, contender.singleton) == meaning for value in standing)
    return (contender.replace_own or not stands, contender.owner.precedence)


def _cname_in_the_way(case: _Case) -> Obstacle | None:
    rrset = case.observed.get(RRsetKey(case.place.key.name, RecordType.CNAME))
    if rrset is None:
        return None
    return Obstacle(
        Reason.CNAME_IN_THE_WAY,
        f"{case.place.key.name} is a CNAME to {rrset.values[0].to_text()}, and no other record may stand "
        "beside it; remove the CNAME",
    )


def _claimed_by_operator(case: _Case) -> Obstacle | None:
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


def _selector_taken(case: _Case) -> Obstacle | None:
    if case.winner.replace_own:
        return None
    for value in case.differing:
        if case.ownership.holders(case.place.key, value) and not _publish_same_key(value, case.winner.value):
            return Obstacle(
                Reason.SELECTOR_TAKEN,
                f"{case.place.key.name} publishes another key, {shown(value)}; {_NEW_SELECTOR}",
            )
    return None


def _claimed_by_absent(case: _Case) -> Obstacle | None:
    for value in case.differing:
        if case.ownership.absent_holders(case.place.key, value):
            return Obstacle(
                Reason.CLAIMED_BY_ABSENT,
                f"{case.place.key.name} has the {case.place.singleton} record {shown(value)}, which mailseal "
                "published for a resource that is not there; delete that record in DNS to have it replaced",
            )
    return None


def _foreign_value(case: _Case) -> Obstacle | None:
    foreign = [value for value in case.differing if not _is_ours(case, value)]
    if not foreign or case.winner.replace_foreign:
        return None
    found = " and ".join(shown(value) for value in foreign[:2])
    return Obstacle(
        Reason.FOREIGN_VALUE,
        f"{case.place.key.name} has {_article(case.place.singleton)} {case.place.singleton} record that "
        f"mailseal did not publish: {found}; "
        "set spec.adoption: Replace to replace it",
    )


_OBSTACLES: tuple[Callable[[_Case], Obstacle | None], ...] = (
    _cname_in_the_way,
    _claimed_by_operator,
    _claimed_by_absent,
    _selector_taken,
    _foreign_value,
)


def _is_ours(case: _Case, value: Rdata) -> bool:
    """True for a value of ours. A second copy of the standing value, split otherwise, is somebody else's."""
    is_copy = case.equal is not None and value.identity == case.equal.identity
    return not is_copy and bool(case.ownership.holders(case.place.key, value))


def _publish_same_key(one: Rdata, other: Rdata) -> bool:
    if not isinstance(one, TxtData) or not isinstance(other, TxtData):
        return False
    try:
        return same_key(DkimRecord.parse(one.text), DkimRecord.parse(other.text))
    except InvalidRecord:
        return False


def _values(rrset: RRset | None) -> tuple[Rdata, ...]:
    return rrset.values if rrset else ()


def shown(value: Rdata) -> str:
    """A value for a message, in quotes and cut when it is long."""
    text = value.display if isinstance(value, TxtData) else value.to_text()
    return f'"{text}"' if len(text) <= _SHOWN_CHARACTERS else f'"{text[:_SHOWN_CHARACTERS]}..."'


def _article(singleton: Singleton) -> str:
    """The article before the name as it is read out: an SPF, a DKIM."""
    return "an" if singleton in {Singleton.SPF, Singleton.NTA7516, Singleton.MTA_STS} else "a"
