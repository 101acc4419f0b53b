"""Which of the zones that a backend lists holds a name, without asking for the list each time."""

from __future__ import annotations

import pytest

from mailseal.providers.base import ZoneNotFound
from mailseal.providers.knownzones import REMEMBERED, KnownZones
from mailseal.records.names import DnsName

PARENT, CHILD = DnsName("zone.example"), DnsName("child.zone.example")


class Backend:
    """Counts how often its list is asked for."""

    def __init__(self) -> None:
        self.zones = [PARENT]
        self.asked = 0
        self.now = 0.0

    async def list(self) -> list[DnsName]:
        self.asked += 1
        return self.zones


async def test_the_list_is_asked_for_when_it_is_old_or_lacks_a_name() -> None:
    backend = Backend()
    known = KnownZones(lambda: backend.now)

    assert await known.zone_of(DnsName("a.zone.example"), backend.list) == PARENT
    assert await known.zone_of(DnsName("b.zone.example"), backend.list) == PARENT
    assert backend.asked == 1

    backend.zones = [PARENT, CHILD, DnsName("other.example")]
    assert await known.zone_of(DnsName("other.example"), backend.list) == "other.example"
    assert backend.asked == 2
    assert await known.zone_of(DnsName("a.child.zone.example"), backend.list) == CHILD
    assert backend.asked == 2

    backend.zones = [PARENT]
    backend.now += REMEMBERED.total_seconds()
    assert await known.zone_of(CHILD, backend.list) == PARENT
    assert backend.asked == 3


async def test_only_zones_that_somebody_asked_for_are_known() -> None:
    backend = Backend()
    backend.zones = [PARENT, CHILD]
    known = KnownZones(lambda: backend.now)
    with pytest.raises(ZoneNotFound):
        await known.zone_of(DnsName("elsewhere.example"), backend.list)
    assert known.zones() == ()
    await known.zone_of(PARENT, backend.list)
    assert known.zones() == (PARENT,)
