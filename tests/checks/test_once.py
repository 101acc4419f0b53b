"""Work that is done once for all who ask for it."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.checks.once import OnceCache


class Squares:
    """Counts how often each square is made; each takes a turn of the loop."""

    def __init__(self) -> None:
        self.made: list[int] = []

    async def make(self, number: int) -> int:
        self.made.append(number)
        await asyncio.sleep(0)
        if number < 0:
            raise ValueError("only from nought on")
        return number * number


@given(asked=st.lists(st.integers(0, 5), max_size=30), capacity=st.integers(1, 6))
def test_all_get_their_own_value_whatever_is_kept(asked: list[int], capacity: int) -> None:
    async def ask() -> tuple[list[int], list[int]]:
        squares = Squares()
        cache = OnceCache(squares.make, capacity)
        found = await asyncio.gather(*(cache.get(number) for number in asked))
        return found, squares.made

    found, made = asyncio.run(ask())
    assert found == [number * number for number in asked]
    assert sorted(made) == sorted(set(asked))


async def test_the_values_used_last_are_kept() -> None:
    squares = Squares()
    cache = OnceCache(squares.make, capacity=2)
    for number in (1, 2, 1, 3, 1, 2):
        await cache.get(number)
    assert squares.made == [1, 2, 3, 2]


async def test_a_failure_reaches_all_who_wait_and_is_not_kept() -> None:
    squares = Squares()
    cache = OnceCache(squares.make, capacity=2)
    found = await asyncio.gather(cache.get(-1), cache.get(-1), return_exceptions=True)
    assert [type(error) for error in found] == [ValueError, ValueError]
    with pytest.raises(ValueError, match="nought"):
        await cache.get(-1)
    assert squares.made == [-1, -1]


async def test_closing_ends_what_is_under_way() -> None:
    ended = asyncio.Event()

    async def never(_key: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    cache = OnceCache(never, capacity=1)
    waiting = asyncio.create_task(cache.get(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await cache.close()
    assert ended.is_set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
