"""The local Route 53 refuses what the real one refuses, so that passing on it means something."""

from __future__ import annotations

from typing import Any

import pytest
from moto.route53.exceptions import Route53ClientError
from moto.route53.models import RecordSet

from support.servers.strictroute53 import check_limits, make_change, order_of, stored_name

ZONE = "zorg.example."


def held(name: str, rtype: str, *texts: str, **special: Any) -> RecordSet:
    return RecordSet({"Name": name, "Type": rtype, "TTL": 300, "ResourceRecords": list(texts), **special})


PLAIN, ADDRESS = held("a.zorg.example.", "TXT", '"x"'), held("a.zorg.example.", "A", "192.0.2.1")


def change(action: str, name: str, rtype: str, *texts: str, ttl: int = 300) -> dict[str, Any]:
    records = [{"Value": text} for text in texts]
    wanted = {"Name": name, "Type": rtype, "TTL": ttl, "ResourceRecords": records}
    return {"Action": action, "ResourceRecordSet": wanted}


@pytest.mark.parametrize(
    ("sets", "asked", "words"),
    [
        ([], change("DELETE", "a.zorg.example.", "TXT", '"x"'), "it was not found"),
        (
            [held("a.zorg.example.", "TXT", '"x"')],
            change("DELETE", "a.zorg.example", "TXT", '"y"'),
            "do not match",
        ),
        (
            [held("a.zorg.example.", "TXT", '"x"')],
            change("DELETE", "a.zorg.example", "TXT", '"x"', ttl=60),
            "do not match",
        ),
        (
            [held("a.zorg.example.", "TXT", '"x"', '"y"')],
            change("DELETE", "a.zorg.example", "TXT", '"x"'),
            "do not match",
        ),
        (
            [held("a.zorg.example.", "TXT", r'"a\;"')],
            change("DELETE", "a.zorg.example", "TXT", '"a;"'),
            "do not match",
        ),
        (
            [held("a.zorg.example.", "TXT", '"x"')],
            change("CREATE", "A.zorg.example", "TXT", '"x"'),
            "already exists",
        ),
        ([held("a.zorg.example.", "CNAME", "x.")], change("CREATE", "a.zorg.example", "TXT", '"x"'), "CNAME"),
        (
            [held("a.zorg.example.", "A", "192.0.2.1")],
            change("CREATE", "a.zorg.example", "CNAME", "x."),
            "conflicts",
        ),
        ([], change("CREATE", "zorg.example", "CNAME", "x."), "at apex"),
        ([], change("CREATE", "other.example", "TXT", '"x"'), "is not permitted in zone"),
        ([], change("CREATE", "a.zorg.example", "TXT", "x"), "quotation marks"),
        ([], change("CREATE", "a.zorg.example", "TXT", f'"{"x" * 256}"'), "CharacterStringTooLong"),
        ([], change("CREATE", "a.zorg.example", "TXT", '"caf\u00e9"'), "UnsupportedCharacter"),
        ([], change("CREATE", "a.zorg.example", "TXT", '"x"', '"x"'), "Duplicate"),
        (
            [held("a.zorg.example.", "TXT", '"x"', SetIdentifier="blue")],
            change("CREATE", "a.zorg.example", "TXT", '"x"'),
            "cannot be created",
        ),
    ],
)
def test_a_change_that_does_not_fit_is_refused(
    sets: list[RecordSet], asked: dict[str, Any], words: str
) -> None:
    fault = make_change(ZONE, sets, asked)

    assert fault is not None
    assert words in fault


def test_a_change_that_fits_is_made() -> None:
    sets = [held("a.zorg.example.", "TXT", '"x"', '"y"')]

    assert make_change(ZONE, sets, change("DELETE", "a.zorg.example", "TXT", '"y"', '"x"')) is None
    assert make_change(ZONE, sets, change("CREATE", "a.zorg.example", "CNAME", "t.example.")) is None

    assert [(each.name, each.type) for each in sets] == [("a.zorg.example.", "CNAME")]


@pytest.mark.parametrize(
    "changes",
    [
        [change("CREATE", "a.zorg.example", "TXT", *(f'"{number}"' for number in range(1001)))],
        [change("UPSERT", "a.zorg.example", "TXT", *(f'"{number}"' for number in range(501)))],
        [change("CREATE", "a.zorg.example", "TXT", *(f'"{number:03}{"x" * 395}"' for number in range(81)))],
        [change("CREATE", "a.zorg.example", "TXT", " ".join(['"' + "x" * 200 + '"'] * 20))],
    ],
    ids=["values", "upserted values", "characters", "one value"],
)
def test_the_limits_of_a_request_hold(changes: list[dict[str, Any]]) -> None:
    with pytest.raises(Route53ClientError):
        check_limits(changes)


def test_names_come_back_lower_case_and_escaped_and_sort_with_the_final_dot() -> None:
    assert stored_name("*.Zorg.Example") == r"\052.zorg.example."
    assert stored_name(r"\052.zorg.example.") == r"\052.zorg.example."
    names = ["a.zorg.example.", "a-b.zorg.example.", "zorg.example.", "x.a.zorg.example."]
    assert sorted(names, key=order_of) == [
        "zorg.example.",
        "a-b.zorg.example.",
        "a.zorg.example.",
        "x.a.zorg.example.",
    ]
