"""A status may say anything; only what a kind publishes, where it publishes it, is believed to be ours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailseal.planning.model import Claim, RememberedValue
from mailseal.records.names import DnsName
from mailseal.records.rrset import RecordType, RRsetKey
from support.planning_world import (
    APEX,
    ZONE,
    SimulatedZone,
    dkim_key,
    mail_domain,
    nta_record,
    settle,
    spf,
    txt_key,
)

VERIFICATION = "MS=ms12345"
OLD_SPF = "v=spf1 ip4:192.0.2.9 -all"


@pytest.mark.parametrize("claimed", [mail_domain(**spf("ip4:192.0.2.1")), nta_record(), dkim_key()])
@pytest.mark.parametrize("name", [ZONE, f"anders.{ZONE}", f"_dmarc.{ZONE}"])
def test_a_forged_status_makes_no_foreign_value_ours(claimed: Claim, name: str) -> None:
    zone = SimulatedZone()
    key = txt_key(name)
    zone.put(key, VERIFICATION)
    forged = replace(claimed, remembered=(RememberedValue(key, VERIFICATION.encode()),))
    settle(zone, forged)
    settle(zone, replace(forged, deleting=True))
    assert zone.texts(key) == {VERIFICATION}


def test_another_kinds_record_is_not_believed_to_be_ours() -> None:
    zone = SimulatedZone()
    zone.put(APEX, OLD_SPF)
    forged = replace(nta_record(), remembered=(RememberedValue(APEX, OLD_SPF.encode()),), deleting=True)
    settle(zone, forged)
    assert zone.texts() == {OLD_SPF}


def test_what_a_status_rightly_remembers_is_removed_with_the_resource() -> None:
    zone = SimulatedZone()
    zone.put(APEX, OLD_SPF)
    key = RRsetKey(DnsName(ZONE), RecordType.TXT)
    claimed = mail_domain(**spf("ip4:192.0.2.1"))
    settle(zone, replace(claimed, remembered=(RememberedValue(key, OLD_SPF.encode()),), deleting=True))
    assert zone.texts() == set()
