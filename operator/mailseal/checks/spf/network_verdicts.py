"""What the checks of the networks that SPF lets pass can say."""

from __future__ import annotations

from mailseal.checks.model import Check, Outcome, Subject, Text, Verdict
from mailseal.checks.spf.record_verdicts import CRITERIA, NAME_SERVERS

NETWORKS = Check(
    "spf.networks",
    Subject.SPF,
    Text(
        "SPF lets only networks of sensible size pass", "SPF laat alleen netwerken van redelijke omvang toe"
    ),
    "RFC 7208 section 11.1",
    CRITERIA,
)
RELAY = Check(
    "spf.relay",
    Subject.SPF,
    Text(
        "SPF lets the relay of the NTA 7516 provider pass", "SPF laat de relay van de NTA 7516-aanbieder toe"
    ),
    "NTA 7516",
    CRITERIA,
)
_NARROW = Text(
    "Name only the addresses of the servers that send mail of {target}",
    "Noem alleen de adressen van de servers die mail van {target} versturen",
)
SENSIBLE = Verdict(
    NETWORKS,
    "sensible",
    Outcome.PASS,
    Text(
        "The networks that SPF of {target} lets pass are of sensible size ({count})",
        "De netwerken die SPF van {target} toelaat, zijn van redelijke omvang ({count})",
    ),
)
WIDE = Verdict(
    NETWORKS,
    "wide",
    Outcome.WARN,
    Text(
        "SPF of {target} lets wide networks pass ({terms}): many others can send mail in its name",
        "SPF van {target} laat ruime netwerken toe ({terms}): veel anderen kunnen uit naam van dit "
        "domein mailen",
    ),
    _NARROW,
)
HUGE = Verdict(
    NETWORKS,
    "huge",
    Outcome.FAIL,
    Text(
        "SPF of {target} lets a large part of the Internet pass ({terms})",
        "SPF van {target} laat een groot deel van het internet toe ({terms})",
    ),
    _NARROW,
)
PRIVATE = Verdict(
    NETWORKS,
    "private",
    Outcome.WARN,
    Text(
        "SPF of {target} names networks that the Internet does not route ({terms}); no receiver sees "
        "mail from "
        "them",
        "SPF van {target} noemt netwerken die niet op het internet bestaan ({terms}); geen ontvanger "
        "ziet mail "
        "daarvandaan",
    ),
    Text("Remove {terms}", "Verwijder {terms}"),
)
NO_PROVIDER = Verdict(
    RELAY,
    "no-provider",
    Outcome.SKIP,
    Text(
        "{target} has no readable NTA 7516 record and no relay is given: there is nothing to compare with",
        "{target} heeft geen leesbaar NTA 7516-record en er is geen relay opgegeven: er is niets te "
        "vergelijken",
    ),
)
UNKNOWN_PROVIDER = Verdict(
    RELAY,
    "unknown-provider",
    Outcome.SKIP,
    Text(
        "It is not known which servers the provider {provider} of {target} sends from",
        "Het is niet bekend vanaf welke servers de aanbieder {provider} van {target} verstuurt",
    ),
    Text(
        "Ask the provider for the name of its SPF record and give it as the relay",
        "Vraag de aanbieder naar de naam van zijn SPF-record en geef die op als relay",
    ),
)
RELAY_PASSES = Verdict(
    RELAY,
    "passes",
    Outcome.PASS,
    Text(
        "SPF of {target} lets all servers of {relay} pass",
        "SPF van {target} laat alle servers van {relay} toe",
    ),
)
RELAY_REFUSED = Verdict(
    RELAY,
    "refused",
    Outcome.FAIL,
    Text(
        "SPF of {target} does not let all servers of {relay} pass: mail that the provider sends may "
        "be refused",
        "SPF van {target} laat niet alle servers van {relay} toe: mail die de aanbieder verstuurt, "
        "kan worden "
        "geweigerd",
    ),
    Text(
        "Add include:{relay} to the SPF record of {target}, before all",
        "Voeg include:{relay} toe aan het SPF-record van {target}, vóór all",
    ),
)
RELAY_BROKEN = Verdict(
    RELAY,
    "error",
    Outcome.FAIL,
    Text(
        "SPF of {target} ends in an error for servers of {relay} ({fault})",
        "SPF van {target} geeft een fout voor servers van {relay} ({fault})",
    ),
    Text(
        "Correct the errors in the SPF record of {target} first",
        "Verbeter eerst de fouten in het SPF-record van {target}",
    ),
)
RELAY_WITHOUT_RECORD = Verdict(
    RELAY,
    "no-record",
    Outcome.FAIL,
    Text(
        "{relay} has no SPF record that can be used, so that it names no servers of the provider of {target}",
        "{relay} heeft geen bruikbaar SPF-record, zodat het geen servers van de aanbieder van {target} noemt",
    ),
    Text(
        "Ask the provider for the name of its SPF record",
        "Vraag de aanbieder naar de naam van zijn SPF-record",
    ),
)
RELAY_UNANSWERED = Verdict(
    RELAY,
    "unanswered",
    Outcome.UNKNOWN,
    Text(
        "It could not be seen whether SPF of {target} lets the servers of its provider pass ({fault})",
        "Het was niet te zien of SPF van {target} de servers van de aanbieder toelaat ({fault})",
    ),
    NAME_SERVERS,
)
