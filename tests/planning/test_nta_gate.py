"""What the prerequisites of an NTA 7516 record say together."""

from __future__ import annotations

from mailseal.domain.prerequisites import Prerequisite, PrerequisiteSpec
from mailseal.planning.nta_gate import PrerequisiteFinding, Standing, gate

ALL = tuple(PrerequisiteSpec(check=check) for check in Prerequisite)


def test_a_cause_that_several_prerequisites_share_is_told_once() -> None:
    findings = [
        PrerequisiteFinding(Prerequisite.SPF, Standing.FAILED, "no such domain"),
        PrerequisiteFinding(Prerequisite.DKIM, Standing.FAILED, "no such domain"),
        PrerequisiteFinding(Prerequisite.DMARC, Standing.FAILED, "no such domain"),
        PrerequisiteFinding(Prerequisite.DNSSEC, Standing.FAILED, "sign the zone"),
    ]
    told = gate(ALL, findings)
    assert told.message.startswith(
        "SPF, DKIM and DMARC fail: no such domain; DNSSEC fails: sign the zone; TLS, "
    )
    assert told.message.endswith(" are not known: not checked yet")
