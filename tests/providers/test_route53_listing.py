"""Finding names in a sorted listing: nothing missed, and no more pages than needed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.providers.base import Unavailable
from mailseal.providers.route53.listing import Page, Position, sweep
from mailseal.records.names import DnsName

LABELS = st.sampled_from(["a", "a-b", "a_b", "ab", "b", "z9", "*", r"\@", "_dmarc"])
NAMES = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: DnsName(".".join([*labels, "x.example"])))


class Listing:
    """Items by name, listed as the API does: by labels reversed, with a final dot, escapes in octal."""

    def __init__(self, names: Sequence[DnsName], size: int) -> None:
        numbered = [(name, str(number)) for number, name in enumerate(names)]
        self._items = sorted(numbered, key=lambda item: (order(item[0]), item[1]))
        self._size = size
        self.pages = 0

    async def fetch(self, start: Position) -> Page[str]:
        self.pages += 1
        first = (order(start.name), *start.within)
        rest = [item for item in self._items if (order(item[0]), item[1]) >= first]
        following = rest[self._size] if len(rest) > self._size else None
        return Page(
            start, tuple(rest[: self._size]), Position(following[0], (following[1],)) if following else None
        )


def order(name: DnsName) -> str:
    shown = {"*": r"\052", r"\@": r"\100"}
    return "".join(f"{shown.get(label, label)}." for label in reversed(name.labels))


@given(held=st.lists(NAMES, max_size=30), wanted=st.sets(NAMES, max_size=12), size=st.integers(1, 7))
async def test_a_sweep_finds_exactly_the_items_of_each_name(
    held: list[DnsName], wanted: set[DnsName], size: int
) -> None:
    listing = Listing(held, size)

    found = await sweep(wanted, listing.fetch)

    assert found == {
        name: sorted(str(number) for number, owner in enumerate(held) if owner == name) for name in wanted
    }
    assert listing.pages <= len(wanted) + len(held) // size


@pytest.mark.parametrize(
    ("wanted", "pages"),
    [
        (["n000"], 1),
        ([f"n{number:03}" for number in range(10)], 1),
        (["n000", "n999"], 2),
        (["n000", "n500", "n999"], 3),
        ([f"n{number:03}" for number in range(1000)], 10),
        (["missing"], 1),
    ],
)
async def test_neighbours_share_a_page_and_far_names_take_one_each(wanted: list[str], pages: int) -> None:
    listing = Listing([DnsName(f"n{number:03}.x.example") for number in range(1000)], 100)

    found = await sweep([DnsName(f"{label}.x.example") for label in wanted], listing.fetch)

    assert listing.pages == pages
    assert sum(map(len, found.values())) == len([label for label in wanted if label != "missing"])


async def test_items_of_one_name_may_fill_several_pages() -> None:
    name = DnsName("many.x.example")
    listing = Listing([name] * 25, 10)

    assert len((await sweep([name], listing.fetch))[name]) == 25


async def test_nothing_is_asked_for_no_name() -> None:
    listing = Listing([], 1)

    assert await sweep([], listing.fetch) == {}
    assert listing.pages == 0


async def test_a_listing_in_another_order_is_believed_for_the_first_name_only() -> None:
    first, second = DnsName("a.x.example"), DnsName("c.x.example")
    asked: list[DnsName] = []

    async def fetch(start: Position) -> Page[str]:
        asked.append(start.name)
        items = ((DnsName("z.x.example"), "z"), (DnsName("b.x.example"), "b"))
        return Page(start, ((start.name, "found"), *items), Position(DnsName("d.x.example")))

    assert await sweep([first, second], fetch) == {first: ["found"], second: ["found"]}
    assert asked == [first, second]


async def test_a_listing_that_does_not_go_on_is_an_error_and_no_endless_loop() -> None:
    name = DnsName("a.x.example")

    async def fetch(start: Position) -> Page[str]:
        return Page(start, (), Position(name, ("TXT",)))

    with pytest.raises(Unavailable, match="comes back"):
        await sweep([name], fetch)
