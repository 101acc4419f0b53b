"""Who gets which place: the oldest resource, unless something that is not ours to change is in the way.

| Found at the place                              | Adoption Equal     | Adoption Replace   |
|-------------------------------------------------|--------------------|--------------------|
| nothing of the kind                             | add                | add                |
| a value that says the same, however it is split | adopt as it stands | adopt as it stands |
| a differing value of ours                       | replace            | replace            |
| a differing foreign value                       | ForeignValue       | replace            |
| a differing value of an absent resource of ours | ClaimedByAbsent    | ClaimedByAbsent    |
| any value that another operator claims          | ClaimedByOperator  | ClaimedByOperator  |
| a CNAME, or for a CNAME other record sets       | CnameInTheWay      | CnameInTheWay      |
|                                                 | RecordsInTheWay    | RecordsInTheWay    |

A value that is not of the place's kind is never looked at, save beside a CNAME, where nothing may stand.

A DKIM selector never goes from one key to another, whatever the adoption, since a cache may hold either:

| Found at the selector       | A key is wanted    | Its revocation is wanted |
|-----------------------------|--------------------|--------------------------|
| nothing of the kind         | add                | add                      |
| the same key, in any form   | adopt as it stands | see the next two         |
| a key of the same resource  | SelectorTaken      | replace                  |
| a key of another one        | SelectorTaken      | SelectorTaken            |
| a revoked record of ours    | SelectorTaken      | adopt as it stands       |
| a revoked foreign record    | ForeignValue       | adopt as it stands       |
| a foreign key               | ForeignValue       | ForeignValue             |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mailseal.planning.model import Contribution, Observed
from mailseal.planning.obstacles import NEW_SELECTOR, Case, Obstacle, Situation, first_obstacle
from mailseal.planning.ownership import Ownership
from mailseal.planning.places import Place, singleton_of
from mailseal.planning.reasons import Reason
from mailseal.records.names import DnsName
from mailseal.records.rrset import Rdata


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


def settle(
    contributions: Iterable[Contribution],
    observed: Observed,
    ownership: Ownership,
    *,
    upsert_only: bool = False,
) -> dict[Place, Verdict]:
    """The verdict on every place that somebody wants, in the order of places.

    With `upsert_only` nothing of ours is removed to make room.
    """
    contenders: dict[Place, list[Contribution]] = {}
    wishes: dict[DnsName, list[Contribution]] = {}
    for contribution in contributions:
        place = Place(contribution.key, contribution.singleton)
        contenders.setdefault(place, []).append(contribution)
        wishes.setdefault(contribution.key.name, []).append(contribution)
    situation = Situation(observed, ownership, wishes, upsert_only)
    return {place: _verdict(place, contenders[place], situation) for place in sorted(contenders)}


def obstacle_of_loser(verdict: Verdict, loser: Contribution) -> Obstacle:
    """Why a resource that wants a place does not get it."""
    winner, place = verdict.winner.owner, verdict.place
    if loser.owner.precedence < winner.precedence:
        return Obstacle(
            Reason.SELECTOR_TAKEN, f"{winner} has published its key at {place.key.name}; {NEW_SELECTOR}"
        )
    return Obstacle(
        Reason.CLAIMED_BY_OLDER,
        f"{winner} is older and wants the {place.singleton} record at {place.key.name}, too; "
        "ask for it in one of the two only",
    )


def _verdict(place: Place, contenders: list[Contribution], situation: Situation) -> Verdict:
    winner, *losers = sorted(contenders, key=lambda contender: _rank(contender, situation))
    case = Case(place, winner, situation)
    obstacle = first_obstacle(case)
    if obstacle:
        return Verdict(place, winner, tuple(losers), obstacle)
    return Verdict(place, winner, tuple(losers), None, gives_way=case.differing, standing=case.equal)


def _rank(contender: Contribution, situation: Situation) -> tuple[bool, object]:
    """The older first; but who may follow the DKIM key that stands comes before all that want its place."""
    stands = any(
        situation.may_replace(contender, value)
        for value in situation.values_at(contender.key)
        if singleton_of(value) is contender.singleton
    )
    return (contender.replace_own or not stands, contender.owner.precedence)
