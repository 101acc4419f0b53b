"""What the checks of the look-ups that an SPF record causes can say."""

from __future__ import annotations

from mailseal.checks.model import Check, Outcome, Subject, Text, Verdict
from mailseal.checks.spf.record_verdicts import CRITERIA

LOOKUPS = Check(
    "spf.lookups",
    Subject.SPF,
    Text("SPF needs at most 10 look-ups", "SPF vraagt hoogstens 10 DNS-lookups"),
    "RFC 7208 section 4.6.4",
    CRITERIA,
)
VOIDS = Check(
    "spf.voids",
    Subject.SPF,
    Text("At most 2 look-ups of SPF find nothing", "Hoogstens 2 DNS-lookups van SPF leveren niets op"),
    "RFC 7208 section 4.6.4",
)
PTR = Check(
    "spf.ptr",
    Subject.SPF,
    Text("SPF does not use ptr", "SPF gebruikt geen ptr"),
    "RFC 7208 section 5.5",
)
_SPARE = Text(
    "Remove includes of providers that no longer send mail of {target}, and replace a and mx by ip4 and ip6",
    "Verwijder includes van aanbieders die geen mail van {target} meer versturen, en vervang a en mx "
    "door ip4 "
    "en ip6",
)
WITHIN = Verdict(
    LOOKUPS,
    "within",
    Outcome.PASS,
    Text(
        "The SPF record of {target} needs at most {count} of {limit} look-ups, includes counted",
        "Het SPF-record van {target} vraagt hoogstens {count} van {limit} DNS-lookups, includes meegeteld",
    ),
)
TOO_MANY = Verdict(
    LOOKUPS,
    "too-many",
    Outcome.FAIL,
    Text(
        "The SPF record of {target} can need more than {limit} look-ups ({count}), so that receivers give up",
        "Het SPF-record van {target} kan meer dan {limit} DNS-lookups vragen ({count}), zodat ontvangers het "
        "opgeven",
    ),
    _SPARE,
)
AT_LEAST = Verdict(
    LOOKUPS,
    "at-least",
    Outcome.UNKNOWN,
    Text(
        "The SPF record of {target} needs at least {count} of {limit} look-ups; not all records that "
        "it leads "
        "to could be seen",
        "Het SPF-record van {target} vraagt minstens {count} van {limit} DNS-lookups; niet alle records "
        "waarnaar het verwijst, waren te zien",
    ),
    Text("Check again later", "Controleer het later opnieuw"),
)
MX_HOSTS = Verdict(
    LOOKUPS,
    "mx-hosts",
    Outcome.FAIL,
    Text(
        "SPF of {target} uses {term}, but {name} has {count} MX hosts, over {limit}: receivers give up",
        "SPF van {target} gebruikt {term}, maar {name} heeft {count} MX-hosts, meer dan {limit}: ontvangers "
        "geven het op",
    ),
    Text(
        "Replace {term} by ip4 and ip6 with the addresses that send mail",
        "Vervang {term} door ip4 en ip6 met de adressen die mail versturen",
    ),
)
NO_VOIDS = Verdict(
    VOIDS,
    "none",
    Outcome.PASS,
    Text(
        "No name in the SPF record of {target} is stale",
        "Geen enkele naam in het SPF-record van {target} is verouderd",
    ),
)
STALE = Verdict(
    VOIDS,
    "stale",
    Outcome.WARN,
    Text(
        "SPF of {target} has names without address or mail server ({terms}); look-ups that find nothing: "
        "{count}, and at most {limit} are allowed",
        "SPF van {target} bevat namen zonder adres of mailserver ({terms}); DNS-lookups zonder resultaat: "
        "{count}, en hoogstens {limit} zijn toegestaan",
    ),
    Text("Remove {terms}", "Verwijder {terms}"),
)
TOO_MANY_VOIDS = Verdict(
    VOIDS,
    "too-many",
    Outcome.FAIL,
    Text(
        "SPF of {target} has names without address or mail server ({terms}); look-ups that find nothing: "
        "{count}, over {limit}, so that receivers give up",
        "SPF van {target} bevat namen zonder adres of mailserver ({terms}); DNS-lookups zonder resultaat: "
        "{count}, meer dan {limit}, zodat ontvangers het opgeven",
    ),
    Text("Remove {terms}", "Verwijder {terms}"),
)
SOME_SENDERS = Verdict(
    VOIDS,
    "some-senders",
    Outcome.WARN,
    Text(
        "For some senders, such as those over {family}, {count} look-ups of the SPF record of "
        "{target} can find "
        "nothing, over {limit}; strict receivers then give up",
        "Voor sommige verzenders, zoals die over {family}, kunnen {count} DNS-lookups van het SPF-record van "
        "{target} niets opleveren, meer dan {limit}; strenge ontvangers geven het dan op",
    ),
    Text(
        "Replace a, mx and ptr by ip4 and ip6, or give the hosts addresses of both kinds",
        "Vervang a, mx en ptr door ip4 en ip6, of geef de hosts adressen van beide soorten",
    ),
)
VOIDS_UNKNOWN = Verdict(
    VOIDS,
    "unknown",
    Outcome.UNKNOWN,
    Text(
        "Not every name in the SPF record of {target} could be looked up ({names})",
        "Niet elke naam in het SPF-record van {target} was op te vragen ({names})",
    ),
    Text(
        "Look whether the name servers of these names answer",
        "Ga na of de nameservers van deze namen antwoorden",
    ),
)
NO_PTR = Verdict(
    PTR,
    "absent",
    Outcome.PASS,
    Text("The SPF record of {target} has no ptr", "Het SPF-record van {target} bevat geen ptr"),
)
USES_PTR = Verdict(
    PTR,
    "used",
    Outcome.WARN,
    Text(
        "SPF of {target} uses names by address ({terms}), which is slow and which large receivers ignore",
        "SPF van {target} gebruikt namen bij adressen ({terms}), wat traag is en door grote ontvangers wordt "
        "genegeerd",
    ),
    Text(
        "Replace it by ip4 and ip6 with the addresses of the servers; in a record of others, ask its "
        "owner to",
        "Vervang het door ip4 en ip6 met de adressen van de servers; vraag dat bij een record van "
        "anderen aan "
        "de eigenaar",
    ),
)
