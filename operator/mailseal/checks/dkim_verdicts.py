"""What the checks of DKIM can say."""

from __future__ import annotations

from mailseal.checks.model import Check, Outcome, Subject, Text, Verdict
from mailseal.checks.phrases import unanswered

_CRITERIA = ("6.1.5", "6.1.7", "6.1.13")

SELECTOR = Check(
    "dkim.selector",
    Subject.DKIM,
    Text("The DKIM keys of the domain are published", "De DKIM-sleutels van het domein zijn gepubliceerd"),
    "RFC 6376 section 3.6.2",
    _CRITERIA,
)
KEY = Check(
    "dkim.key",
    Subject.DKIM,
    Text("The DKIM key is sound", "De DKIM-sleutel is deugdelijk"),
    "RFC 6376 section 3.6.1, RFC 8301 section 3",
    _CRITERIA,
)
TESTING_FLAG = Check(
    "dkim.testing",
    Subject.DKIM,
    Text("The DKIM key is not in testing", "De DKIM-sleutel staat niet op testen"),
    "RFC 6376 section 3.6.1",
    _CRITERIA,
)
ALGORITHMS = Check(
    "dkim.algorithms",
    Subject.DKIM,
    Text("Every receiver can verify the signatures", "Elke ontvanger kan de handtekeningen controleren"),
    "RFC 8463 section 3",
)
_PUBLISH = Text(
    "Publish the public key that the mail server or the provider gives for this selector as one TXT record "
    "at {name}, or a CNAME where the provider asks for it",
    "Publiceer de publieke sleutel die de mailserver of de aanbieder voor deze selector geeft als één "
    "TXT-record op {name}, of een CNAME als de aanbieder daarom vraagt",
)
_NEW_KEY = Text(
    "Make a new RSA key of 2048 bits, publish it under a new selector and sign with it",
    "Maak een nieuwe RSA-sleutel van 2048 bits, publiceer die onder een nieuwe selector en onderteken ermee",
)
_GIVE_SELECTOR = Text(
    "Look at the DKIM-Signature line of a sent message: s= is the selector to check with",
    "Kijk in de regel DKIM-Signature van een verzonden bericht: s= is de selector om mee te controleren",
)

FOUND = Verdict(
    SELECTOR,
    "found",
    Outcome.PASS,
    Text("There is a key record at {name}", "Er staat een sleutelrecord op {name}"),
)
VIA_ALIAS = Verdict(
    SELECTOR,
    "found-via-alias",
    Outcome.PASS,
    Text(
        "There is a key record at {name}, by a CNAME to {alias}",
        "Er staat een sleutelrecord op {name}, via een CNAME naar {alias}",
    ),
)
MISSING = Verdict(
    SELECTOR,
    "missing",
    Outcome.FAIL,
    Text(
        "There is no key record at {name}: signatures with this selector cannot be verified",
        "Er staat geen sleutelrecord op {name}: handtekeningen met deze selector zijn niet te controleren",
    ),
    _PUBLISH,
)
DANGLING = Verdict(
    SELECTOR,
    "dangling",
    Outcome.FAIL,
    Text(
        "The CNAME at {name} leads to {alias}, where there is no key record",
        "De CNAME op {name} leidt naar {alias}, waar geen sleutelrecord staat",
    ),
    Text(
        "Ask the provider for the right target, or remove the CNAME if it signs no more",
        "Vraag de aanbieder om het juiste doel, of verwijder de CNAME als die niet meer ondertekent",
    ),
)
SEVERAL = Verdict(
    SELECTOR,
    "several",
    Outcome.FAIL,
    Text(
        "There are {count} TXT records at {name}; which of them a receiver takes is left to chance",
        "Er staan {count} TXT-records op {name}; welke een ontvanger neemt, is toeval",
    ),
    Text(
        "Keep the record with the key that is signed with, and remove the others; a second key needs a "
        "selector of its own",
        "Houd het record over met de sleutel waarmee wordt ondertekend, en verwijder de andere; een tweede "
        "sleutel heeft een eigen selector nodig",
    ),
)
UNANSWERED = unanswered(SELECTOR)
PARENT_UNANSWERED = unanswered(SELECTOR, "parent-unanswered")
NO_KEYS = Verdict(
    SELECTOR,
    "no-keys",
    Outcome.FAIL,
    Text(
        "{target} has no DKIM keys: nothing stands below _domainkey.{target}",
        "{target} heeft geen DKIM-sleutels: er staat niets onder _domainkey.{target}",
    ),
    Text(
        "Let the mail server or the provider sign with DKIM for {target}, and publish the key that it gives",
        "Laat de mailserver of de aanbieder met DKIM ondertekenen voor {target}, en publiceer de sleutel "
        "die deze geeft",
    ),
)
NO_MAIL = Verdict(
    SELECTOR,
    "no-mail",
    Outcome.SKIP,
    Text(
        "{target} says with a null MX record and its SPF record that it neither receives nor sends mail, and "
        "needs no DKIM keys",
        "{target} geeft met een null-MX-record en het SPF-record aan geen mail te ontvangen of te versturen "
        "en heeft geen DKIM-sleutels nodig",
    ),
)
UNNAMED = Verdict(
    SELECTOR,
    "unnamed",
    Outcome.UNKNOWN,
    Text(
        "{target} seems to have DKIM keys, but under selectors that are not known here",
        "{target} lijkt DKIM-sleutels te hebben, maar onder selectors die hier niet bekend zijn",
    ),
    _GIVE_SELECTOR,
)
UNDECIDED = Verdict(
    SELECTOR,
    "undecided",
    Outcome.UNKNOWN,
    Text(
        "Whether {target} has DKIM keys cannot be told without a selector: its name servers answer for each "
        "name",
        "Of {target} DKIM-sleutels heeft, is zonder selector niet te zeggen: de nameservers antwoorden op "
        "elke naam",
    ),
    _GIVE_SELECTOR,
)
UNREADABLE = Verdict(
    KEY,
    "unreadable",
    Outcome.FAIL,
    Text(
        "The record at {name} is no DKIM key that can be read, so that signatures with it are not valid",
        "Het record op {name} is geen leesbare DKIM-sleutel, zodat handtekeningen ermee ongeldig zijn",
    ),
    _PUBLISH,
)
REVOKED = Verdict(
    KEY,
    "revoked",
    Outcome.FAIL,
    Text(
        "The key at {name} is revoked (empty p=): signatures with it are not valid",
        "De sleutel op {name} is ingetrokken (lege p=): handtekeningen ermee zijn ongeldig",
    ),
    Text(
        "Sign with another key, and do not give this selector any more",
        "Onderteken met een andere sleutel, en geef deze selector niet meer op",
    ),
)
NO_SHA256 = Verdict(
    KEY,
    "no-sha256",
    Outcome.FAIL,
    Text(
        "The key at {name} does not allow SHA-256 (h=), the only hash that counts: no signature is valid",
        "De sleutel op {name} staat SHA-256 (h=) niet toe, de enige geldige hash: elke handtekening faalt",
    ),
    Text("Remove h= from the record at {name}", "Verwijder h= uit het record op {name}"),
)
NOT_FOR_MAIL = Verdict(
    KEY,
    "not-for-mail",
    Outcome.FAIL,
    Text(
        "The key at {name} is not for mail (s=): no signature of a message is valid",
        "De sleutel op {name} is niet voor mail (s=): geen handtekening van een bericht is geldig",
    ),
    Text("Remove s= from the record at {name}", "Verwijder s= uit het record op {name}"),
)
TOO_SHORT = Verdict(
    KEY,
    "too-short",
    Outcome.FAIL,
    Text(
        "The RSA key at {name} has {bits} bits; under {least} no signature is valid",
        "De RSA-sleutel op {name} heeft {bits} bits; onder {least} is geen handtekening geldig",
    ),
    _NEW_KEY,
)
SHORT = Verdict(
    KEY,
    "short",
    Outcome.WARN,
    Text(
        "The RSA key at {name} has {bits} bits; it should have {good} or more",
        "De RSA-sleutel op {name} heeft {bits} bits; dat horen er {good} of meer te zijn",
    ),
    _NEW_KEY,
)
SOUND = Verdict(
    KEY,
    "sound",
    Outcome.PASS,
    Text(
        "The key at {name} is sound: {algorithm}, {bits} bits",
        "De sleutel op {name} is deugdelijk: {algorithm}, {bits} bits",
    ),
)
TESTING = Verdict(
    TESTING_FLAG,
    "testing",
    Outcome.WARN,
    Text(
        "The key at {name} is in testing (t=y): receivers may treat signed mail as unsigned",
        "De sleutel op {name} staat op testen (t=y): ontvangers mogen ondertekende mail als niet ondertekend "
        "behandelen",
    ),
    Text(
        "Remove t=y from the record at {name} once signing works",
        "Verwijder t=y uit het record op {name} zodra het ondertekenen werkt",
    ),
)
NOT_TESTING = Verdict(
    TESTING_FLAG,
    "in-use",
    Outcome.PASS,
    Text("The key at {name} is not in testing", "De sleutel op {name} staat niet op testen"),
)
ONLY_ED25519 = Verdict(
    ALGORITHMS,
    "only-ed25519",
    Outcome.WARN,
    Text(
        "{target} has Ed25519 keys only, which not every receiver can verify",
        "{target} heeft alleen Ed25519-sleutels, die niet elke ontvanger kan controleren",
    ),
    Text(
        "Sign with an RSA key of 2048 bits as well, under a selector of its own",
        "Onderteken ook met een RSA-sleutel van 2048 bits, onder een eigen selector",
    ),
)
