from __future__ import annotations

from mailseal.records.errors import InvalidRecord, RecordSyntaxError
from mailseal.records.names import InvalidName
from mailseal.records.txt import InvalidTxt


def test_every_error_of_the_package_is_an_invalid_record_and_a_value_error() -> None:
    for error in (RecordSyntaxError, InvalidName, InvalidTxt):
        assert issubclass(error, InvalidRecord)
    assert issubclass(InvalidRecord, ValueError)


def test_a_syntax_error_names_tag_and_position() -> None:
    error = RecordSyntaxError("what happened", tag="p", position=12)
    assert str(error) == "'p' at position 12: what happened"
    assert (error.tag, error.position, error.problem) == ("p", 12, "what happened")
