"""How webhooks write TXT values: the protocol does not say, and each does it its own way. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import ClassVar, Final

from mailseal.providers.base import Ability
from mailseal.records.rrset import RecordType
from mailseal.records.txt import MAX_STRING_BYTES, InvalidTxt, TxtData


class FormName(StrEnum):
    """The value of the setting `txtForm`."""

    QUOTED = "quoted"
    PLAIN = "plain"
    STRINGS = "strings"


class TxtForm(ABC):
    """What the targets of a TXT endpoint are."""

    cannot: ClassVar[Mapping[Ability, str]] = {}
    lists: ClassVar[frozenset[RecordType]] = frozenset(RecordType)
    """The record types that are listed; others are not written."""
    by_difference: ClassVar[bool] = False
    """True: an update names the values that go and that come, and none that stays."""

    @abstractmethod
    def read(self, targets: Sequence[str]) -> tuple[tuple[TxtData, str], ...]:
        """The values with the target of each. Raises `InvalidTxt`."""

    @abstractmethod
    def write(self, value: TxtData) -> str:
        """The target of a value. Raises `InvalidTxt` for one that the form cannot hold."""

    def returns(self, target: str) -> bool:
        """True when a target can be sent back as it was listed."""
        return True


class Quoted(TxtForm):
    """One target is one value in presentation form (RFC 1035 section 5.1), as PowerDNS lists it.

    A target without quotes is read as the value itself. Whether the webhook takes it back like that, or
    makes several strings of it, is not known: it is never sent back.
    """

    def read(self, targets: Sequence[str]) -> tuple[tuple[TxtData, str], ...]:
        """See `TxtForm.read`."""
        return tuple((TxtData.parse(each) if self.returns(each) else plain(each), each) for each in targets)

    def write(self, value: TxtData) -> str:
        """See `TxtForm.write`."""
        return value.to_text()

    def returns(self, target: str) -> bool:
        """See `TxtForm.returns`."""
        return target.startswith('"')


class Plain(TxtForm):
    """One target is one whole value as text, without quotes and escapes."""

    cannot: ClassVar[Mapping[Ability, str]] = {
        Ability.STRING_BOUNDARIES: "A value is one text, which the webhook splits as it likes.",
        Ability.EMPTY_STRINGS: "An empty text is no target.",
        Ability.ANY_BYTES: "A value is Unicode text; one of other bytes is refused.",
    }

    def read(self, targets: Sequence[str]) -> tuple[tuple[TxtData, str], ...]:
        """See `TxtForm.read`."""
        return tuple((plain(each), each) for each in targets)

    def write(self, value: TxtData) -> str:
        """See `TxtForm.write`."""
        try:
            text = value.joined.decode()
        except UnicodeDecodeError:
            raise InvalidTxt("the value is no text, and this webhook takes only text") from None
        if not text.strip():
            raise InvalidTxt("an empty value is no target of a webhook")
        return text


class Strings(TxtForm):
    """One target is one character-string with escapes, as external-dns lists them with --provider=rfc2136.

    Which strings make one value is not shown, so a string of 255 bytes is joined with what follows: writers
    split long values there. What is written is quoted, and an update names only values that go or come, but
    for a change of TTL: so the strings of a foreign value are not written as values of their own.
    """

    lists = frozenset({RecordType.TXT, RecordType.CNAME})
    by_difference = True
    cannot: ClassVar[Mapping[Ability, str]] = {
        Ability.STRING_BOUNDARIES: "Which character-strings make one value is not shown; those of 255 bytes "
        "are joined with what follows.",
        Ability.EMPTY_STRINGS: "An empty character-string is not shown as one.",
        Ability.NULL_MX: "MX records are not listed, and are therefore never written.",
        Ability.ZONE_DISCOVERY: "The webhook names no zones: list them in spec.zones.",
    }

    def read(self, targets: Sequence[str]) -> tuple[tuple[TxtData, str], ...]:
        """See `TxtForm.read`."""
        values: list[TxtData] = []
        pending = b""
        for target in targets:
            string = TxtData.parse(f'"{target}"').joined if target else b""
            pending += string
            if len(string) != MAX_STRING_BYTES:
                values.append(TxtData.of(pending))
                pending = b""
        if pending:
            values.append(TxtData.of(pending))
        return tuple((value, value.to_text()) for value in values)

    def write(self, value: TxtData) -> str:
        """See `TxtForm.write`."""
        if not value.joined:
            raise InvalidTxt("an empty value is not shown by this webhook")
        return value.to_text()


def plain(text: str) -> TxtData:
    """The value whose bytes are those of `text` in UTF-8."""
    return TxtData.of(text.encode("utf-8", "surrogatepass"))


FORMS: Final[Mapping[FormName, TxtForm]] = {
    FormName.QUOTED: Quoted(),
    FormName.PLAIN: Plain(),
    FormName.STRINGS: Strings(),
}
