"""The text in which the life of keys is stored: compact JSON with public data only.

Times are written to the microsecond, as they are. Rounded down they would shorten a wait, rounded up they
would lie after the moment that wrote them, and either way a life would differ from what is read back of it.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from mailseal.domain.common import SUBDOMAIN
from mailseal.domain.dkimkey import KeyAlgorithm
from mailseal.planning.keylife.model import Cause, KeyLife, KeySet, LifeKey, times_of
from mailseal.records.dkim import DkimRecord

MAX_TEXT_LENGTH: Final = 256 * 1024
"""Characters: all annotations of an object together may have as many bytes."""
_YEARS: Final = range(1970, 5000)
"""Any span of a spec can be added to these without leaving the calendar."""
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?Z")
_SUFFIX: Final = "_at"


class UnreadableLife(ValueError):
    """A text that is not the life of keys as this version writes it. The message quotes nothing of it."""


def to_text(life: KeyLife) -> str:
    """The text that stores `life`: one line of ASCII."""
    written = _LifeText(
        v=1,
        r=life.revision,
        m=life.made,
        q=life.honoured_request,
        p=life.past,
        s=tuple(_set_text(found) for found in life.sets),
    )
    return written.model_dump_json(ensure_ascii=True)


def from_text(text: str) -> KeyLife:
    """The life that `text` stores. Raises `UnreadableLife` for every other text."""
    if len(text) > MAX_TEXT_LENGTH:
        raise UnreadableLife(f"it is longer than {MAX_TEXT_LENGTH} characters")
    try:
        read = _LifeText.model_validate_json(text)
        life = KeyLife(
            sets=tuple(_set(found) for found in read.s),
            past=read.p,
            made=read.m,
            honoured_request=read.q,
            revision=read.r,
        )
    except ValidationError as error:
        raise UnreadableLife(_where(error)) from None
    except UnicodeError:
        raise UnreadableLife("it is not text in Unicode") from None
    _check(life)
    return life


def _is_selector(text: str) -> str:
    if len(text) > 253 or re.fullmatch(SUBDOMAIN, text) is None:
        raise ValueError("not a selector")
    return text


def _read_time(written: Any) -> Any:
    if isinstance(written, str) and _TIME.fullmatch(written):
        return datetime.fromisoformat(written)
    if isinstance(written, datetime):
        return written.astimezone(UTC)
    raise ValueError("not a time in UTC")


def _is_possible(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        raise ValueError("not a time that can be")
    return moment


_Selector = Annotated[str, AfterValidator(_is_selector)]
_Moment = Annotated[AwareDatetime, BeforeValidator(_read_time), AfterValidator(_is_possible)]
_Count = Annotated[int, Field(ge=0, lt=2**63)]
_Event = Literal[
    "prepared",
    "published",
    "switched",
    "confirmed",
    "stopped",
    "retiring",
    "revoking",
    "revoked",
    "removing",
]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _SetText(_Part):
    """A key set: number, cause, what it was made for, keys and times."""

    n: Annotated[_Count, Field(ge=1)]
    c: Cause
    f: str
    k: Annotated[tuple[tuple[_Selector, KeyAlgorithm, _Count, str], ...], Field(min_length=1)]
    t: dict[_Event, _Moment]


class _LifeText(_Part):
    """A life: version, revision, sets made, honoured request, past selectors and sets."""

    v: Annotated[int, Field(ge=1, le=1)]
    r: _Count
    m: _Count
    q: str
    p: tuple[_Selector, ...]
    s: tuple[_SetText, ...]


def _set_text(found: KeySet) -> _SetText:
    return _SetText.model_validate(
        {
            "n": found.number,
            "c": found.cause,
            "f": found.made_for,
            "k": tuple((key.selector, key.algorithm, key.bits, key.record) for key in found.keys),
            "t": {name.removesuffix(_SUFFIX): moment for name, moment in times_of(found).items()},
        }
    )


def _set(read: _SetText) -> KeySet:
    times = {name + _SUFFIX: moment for name, moment in read.t.items()}
    if "prepared_at" not in times:
        raise UnreadableLife(f"key set {read.n} has no time at which it was made")
    keys = tuple(LifeKey(*parts) for parts in read.k)
    return KeySet(number=read.n, cause=read.c, keys=keys, made_for=read.f, **times)


def _check(life: KeyLife) -> None:
    """What holds of every life, besides the form of its text."""
    numbers = [found.number for found in life.sets]
    if any(one >= other for one, other in pairwise([*numbers, life.made + 1])):
        raise UnreadableLife("the numbers of its key sets are not in order")
    selectors = Counter(key.selector for _, key in life.all_keys())
    if selectors and max(selectors.values()) > 1:
        raise UnreadableLife("two keys have the same selector")
    for found, key in life.all_keys():
        if not _publishes(key):
            raise UnreadableLife(f"a record of key set {found.number} is not that of its key")


def _publishes(key: LifeKey) -> bool:
    """True when the record is one of a key of that kind and size; a revoked one has 0 bits."""
    try:
        record = DkimRecord.parse(key.record)
    except ValueError:
        return False
    return record.key_type == key.algorithm.tag and record.bits == key.bits


def _where(error: ValidationError) -> str:
    """The place and kind of the first fault, without what stands there."""
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in fault["loc"] if isinstance(part, int) or len(part) == 1)
    return f"at {place or 'the start'}: {fault['type']}"
