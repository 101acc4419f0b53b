from __future__ import annotations

import pytest

from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.domain.specs import parse_spec
from mailseal.engine.examining import relay_of


@pytest.mark.parametrize(
    ("fields", "relay"),
    [
        ({"provider": "zorgmail"}, "_spf.zorgmail.nl"),
        ({"provider": "ZorgMail"}, "_spf.zorgmail.nl"),
        ({"provider": "zorgmail", "relay": "_spf.relay.example"}, "_spf.relay.example"),
        ({"provider": "nobody-knows"}, None),
    ],
)
def test_the_relay_is_that_of_the_spec_or_what_is_known_of_the_provider(
    fields: dict[str, str], relay: str | None
) -> None:
    spec = parse_spec(
        "NtaRecord", {"domain": "zorg-voorbeeld.example", "providerRef": {"name": "zone"}, **fields}
    )
    assert isinstance(spec, NtaRecordSpec)
    assert relay_of(spec) == relay
