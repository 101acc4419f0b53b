"""What the checks can say of an MTA-STS policy that could be read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from mailseal.checks.model import Check, Outcome, Subject, Text, Verdict
from mailseal.checks.phrases import unanswered
from mailseal.records.mta_sts_policy import Mode

GOOD_MAX_AGE = timedelta(days=7)
"""RFC 8461 section 3.2 expects weeks or more; a shorter policy protects little against an attacker."""


MODE = Check(
    "mta-sts.mode",
    Subject.MTA_STS,
    Text("The MTA-STS policy is enforced", "Het MTA-STS-beleid wordt afgedwongen"),
    "RFC 8461 section 5",
)
MAX_AGE = Check(
    "mta-sts.max-age",
    Subject.MTA_STS,
    Text("Senders keep the MTA-STS policy long enough", "Verzenders bewaren het MTA-STS-beleid lang genoeg"),
    "RFC 8461 section 3.2",
)
HOSTS = Check(
    "mta-sts.hosts",
    Subject.MTA_STS,
    Text("The MTA-STS policy names all MX hosts", "Het MTA-STS-beleid noemt alle MX-hosts"),
    "RFC 8461 section 4.1",
)

_ENFORCE = Text(
    "Set mode: enforce as soon as the TLS reports show no faults, and change the id of the record",
    "Zet mode: enforce zodra de TLS-rapporten geen fouten tonen, en wijzig het id van het record",
)
MODES: Mapping[Mode, Verdict] = MappingProxyType(
    {
        Mode.ENFORCE: Verdict(
            MODE,
            "enforce",
            Outcome.PASS,
            Text(
                "Senders deliver mail to {target} only over TLS to the hosts of the policy",
                "Verzenders leveren mail aan {target} alleen af via TLS bij de hosts van het beleid",
            ),
        ),
        Mode.TESTING: Verdict(
            MODE,
            "testing",
            Outcome.WARN,
            Text(
                "The MTA-STS policy of {target} is in testing: it protects nothing yet",
                "Het MTA-STS-beleid van {target} staat op testing: het beschermt nog niet",
            ),
            _ENFORCE,
        ),
        Mode.NONE: Verdict(
            MODE,
            "none",
            Outcome.WARN,
            Text(
                "The MTA-STS policy of {target} has the mode none: it protects nothing",
                "Het MTA-STS-beleid van {target} staat op none: het beschermt niet",
            ),
            _ENFORCE,
        ),
    }
)
GOOD_AGE = Verdict(
    MAX_AGE,
    "long-enough",
    Outcome.PASS,
    Text(
        "Senders keep the policy for {days} days ({seconds} seconds)",
        "Verzenders bewaren het beleid {days} dagen ({seconds} seconden)",
    ),
)
SHORT_AGE = Verdict(
    MAX_AGE,
    "short",
    Outcome.WARN,
    Text(
        "Senders keep the policy of {target} for {seconds} seconds only",
        "Verzenders bewaren het beleid van {target} maar {seconds} seconden",
    ),
    Text(
        "Choose a max_age of some weeks, such as 2419200 seconds",
        "Kies een max_age van enkele weken, zoals 2419200 seconden",
    ),
)
MX_UNANSWERED = unanswered(HOSTS)
NO_MAIL = Verdict(
    HOSTS,
    "no-mail",
    Outcome.SKIP,
    Text(
        "{target} receives no mail (null MX), so that there are no hosts to name",
        "{target} ontvangt geen mail (null MX), dus zijn er geen hosts om te noemen",
    ),
)
ALL_COVERED = Verdict(
    HOSTS,
    "all-named",
    Outcome.PASS,
    Text("The policy names all MX hosts: {hosts}", "Het beleid noemt alle MX-hosts: {hosts}"),
)
STRANGERS = Verdict(
    HOSTS,
    "not-named",
    Outcome.FAIL,
    Text(
        "The policy of {target} does not name {hosts}: senders with MTA-STS deliver nothing there",
        "Het beleid van {target} noemt {hosts} niet: verzenders met MTA-STS leveren daar niets af",
    ),
    Text(
        "Add an mx line for each MX host, or remove the MX record, and change the id of the record",
        "Voeg voor elke MX-host een mx-regel toe, of verwijder het MX-record, en wijzig het id van het "
        "record",
    ),
)
STRANGERS_IN_TESTING = Verdict(
    HOSTS,
    "not-named-in-testing",
    Outcome.WARN,
    Text(
        "The policy of {target} does not name {hosts}: under mode enforce nothing would be delivered there",
        "Het beleid van {target} noemt {hosts} niet: met mode enforce zou daar niets worden afgeleverd",
    ),
    STRANGERS.advice,
)
