"""A resolver that keeps what it was answered, for as long as it may (RFC 2308, RFC 1035 section 3.2.1)."""

from __future__ import annotations

import time
from collections.abc import Callable

Answer = Callable[[str], tuple[str | None, int]]
"""The record at a selector with its TTL in seconds, or None: the name is not there."""


class ResolverCache:
    """Keeps each answer from when it was asked for."""

    def __init__(self, answer: Answer, negative_seconds: float) -> None:
        self._answer = answer
        self._negative_seconds = negative_seconds
        self._kept: dict[str, tuple[str | None, float]] = {}

    def ask(self, selector: str) -> str | None:
        """The record, as it is or as it was when it was asked for."""
        now = time.monotonic()
        record, expires = self._kept.get(selector, (None, 0.0))
        if now < expires:
            return record
        record, ttl_seconds = self._answer(selector)
        self._kept[selector] = (record, now + (self._negative_seconds if record is None else ttl_seconds))
        return record
