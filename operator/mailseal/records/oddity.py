"""What a liberal reader noticed although it could go on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something about a published record that its owner should know.

    `code` is stable and fit for a metric label or a test; `message` is for people.
    """

    code: str
    message: str
