"""The words of the report itself; what the checks found comes with words of its own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mailseal.checks.model import Text

WORDS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "title": Text("Evidence report NTA 7516", "Bewijsrapport NTA 7516"),
        "skip": Text("Skip to the summary", "Naar de samenvatting"),
        "contents": Text("Contents", "Inhoud"),
        "made": Text("Made", "Gemaakt"),
        "source": Text("Source", "Bron"),
        "tool": Text("Made with", "Gemaakt met"),
        "organisation": Text("Organisation", "Organisatie"),
        "source-cluster": Text(
            "live checks and the resources of a Kubernetes cluster",
            "live controles en de resources van een Kubernetes-cluster",
        ),
        "source-checks": Text("live checks", "live controles"),
        "source-results": Text("results of mailseal check", "resultaten van mailseal check"),
        "summary": Text("Summary", "Samenvatting"),
        "summary-count": Text(
            "In order: {ready} of {count} domains.", "In orde: {ready} van de {count} domeinen."
        ),
        "summary-none": Text("There are no domains in this report.", "Dit rapport bevat geen domeinen."),
        "in-order": Text("in order", "in orde"),
        "needs-attention": Text("attention needed", "aandacht nodig"),
        "undecided": Text("not established", "niet vastgesteld"),
        "failing": Text("not in order", "niet in orde"),
        "next-end": Text("First to end", "Verloopt als eerste"),
        "outcome-pass": Text("in order", "in orde"),
        "outcome-skip": Text("does not apply", "niet van toepassing"),
        "outcome-warn": Text("attention", "aandacht"),
        "outcome-unknown": Text("unknown", "onbekend"),
        "outcome-fail": Text("fails", "voldoet niet"),
        "outcome-none": Text("not measured", "niet gemeten"),
        "actions": Text("What to do next", "Wat nu te doen"),
        "actions-lead": Text(
            "The most urgent first. What fails stands in the way of secure mail; what is unknown proves "
            "nothing.",
            "Het dringendste eerst. Wat niet voldoet, staat veilige mail in de weg; wat onbekend is, "
            "bewijst niets.",
        ),
        "actions-none": Text("Nothing needs to be done.", "Er hoeft niets te gebeuren."),
        "affects": Text("Concerns", "Betreft"),
        "affects-many": Text("{count} domains", "{count} domeinen"),
        "operator-says": Text("The operator says", "De operator meldt"),
        "criteria": Text("Domains by criteria", "Domeinen per criterium"),
        "criteria-lead": Text(
            "For each criterion the worst that was measured. The domain leads to the findings behind it.",
            "Per criterium het slechtste dat is gemeten. Het domein leidt naar de bevindingen daarachter.",
        ),
        "domain": Text("Domain", "Domein"),
        "overall": Text("Overall", "Totaal"),
        "legend": Text("Legend", "Legenda"),
        "what-is-measured": Text("What is measured", "Wat wordt gemeten"),
        "criterion": Text("Criteria", "Criteria"),
        "measured": Text("Measured", "Gemeten"),
        "not-measured": Text("Not technically measurable", "Niet technisch meetbaar"),
        "not-measured-lead": Text(
            "No look from outside decides these criteria: keep your own evidence for them.",
            "Deze criteria zijn niet van buitenaf vast te stellen: bewaar hiervoor eigen bewijs.",
        ),
        "expiry": Text("What ends when", "Wat wanneer verloopt"),
        "expiry-lead": Text(
            "A record is valid through the last day of its last month.",
            "Een record geldt tot en met de laatste dag van zijn laatste maand.",
        ),
        "expiry-none": Text(
            "No end of a record or certificate is known.",
            "Van geen enkel record of certificaat is een einde bekend.",
        ),
        "expiry-hidden": Text(
            "{count} more stand in the table only.", "Nog {count} staan alleen in de tabel."
        ),
        "timeline": Text("Timeline of what ends when", "Tijdlijn van wat wanneer verloopt"),
        "timeline-desc": Text(
            "One bar for each group of records or certificates that end on the same day. The table below "
            "says the "
            "same.",
            "Eén balk voor elke groep records of certificaten die op dezelfde dag verlopen. De tabel "
            "hieronder zegt "
            "hetzelfde.",
        ),
        "and-more": Text("{name} and {count} more", "{name} en nog {count}"),
        "scrolled": Text("{name}: table or drawing", "{name}: tabel of tekening"),
        "today": Text("today", "vandaag"),
        "kind": Text("Kind", "Soort"),
        "kind-nta-record": Text("NTA 7516 record", "NTA 7516-record"),
        "kind-certificate": Text("certificate", "certificaat"),
        "name": Text("Name", "Naam"),
        "from": Text("From", "Vanaf"),
        "through": Text("Through", "Tot en met"),
        "left": Text("Days left", "Resterende dagen"),
        "urgency-over": Text("over", "verlopen"),
        "urgency-within-30-days": Text("within 30 days", "binnen 30 dagen"),
        "urgency-within-90-days": Text("within 90 days", "binnen 90 dagen"),
        "urgency-later": Text("later", "later"),
        "keys": Text("DKIM keys", "DKIM-sleutels"),
        "keys-none": Text("No DKIM keys are known.", "Er zijn geen DKIM-sleutels bekend."),
        "keys-kept": Text("Keys that mailseal manages", "Sleutels die mailseal beheert"),
        "keys-seen": Text("Selectors that were checked", "Selectors die zijn gecontroleerd"),
        "selector": Text("Selector", "Selector"),
        "algorithm": Text("Algorithm", "Algoritme"),
        "state": Text("State", "Toestand"),
        "age": Text("Age", "Leeftijd"),
        "age-days": Text("{count} days", "{count} dagen"),
        "age-day": Text("1 day", "1 dag"),
        "next-rotation": Text("Next rotation", "Volgende wisseling"),
        "key-Prepared": Text("prepared", "voorbereid"),
        "key-Published": Text("published", "gepubliceerd"),
        "key-Active": Text("in use", "in gebruik"),
        "key-Retiring": Text("retiring", "wordt uitgefaseerd"),
        "key-Revoked": Text("revoked", "ingetrokken"),
        "bits": Text("{algorithm}, {bits} bits", "{algorithm}, {bits} bits"),
        "declarations": Text(
            "Declarations, reviews and renewal", "Verklaringen, beoordelingen en verlenging"
        ),
        "declarations-none": Text(
            "Only a cluster tells of these: run mailseal report --kube.",
            "Alleen een cluster vertelt hierover: gebruik mailseal report --kube.",
        ),
        "declaration": Text("Self-declaration", "Zelfverklaring"),
        "signed": Text("signed on {day}", "ondertekend op {day}"),
        "no-declaration": Text("not filled in", "niet ingevuld"),
        "rests-on": Text(
            "the record in place rests on that of {day}", "het huidige record berust op die van {day}"
        ),
        "sha256": Text("SHA-256", "SHA-256"),
        "no-sha256": Text("no digest is kept", "geen controlegetal bewaard"),
        "validity": Text("Record", "Record"),
        "not-published": Text("not published", "niet gepubliceerd"),
        "span": Text("{start} through {end}", "{start} tot en met {end}"),
        "renewal": Text("Renewal", "Verlenging"),
        "renewal-automatic": Text("automatic", "automatisch"),
        "renewal-manual": Text("after a new declaration", "na een nieuwe verklaring"),
        "renewal-from": Text("from {day}", "vanaf {day}"),
        "renewal-held": Text("held up", "opgehouden"),
        "reviews": Text("Reviews (6.4.1)", "Beoordelingen (6.4.1)"),
        "review-yearly": Text("yearly: by {day}", "jaarlijks: uiterlijk {day}"),
        "review-two-yearly": Text("two-yearly: by {day}", "tweejaarlijks: uiterlijk {day}"),
        "overdue": Text("overdue", "over tijd"),
        "details": Text("Findings by domain", "Bevindingen per domein"),
        "details-lead": Text(
            "Each finding with what was seen, the rule and the criteria that it serves.",
            "Elke bevinding met wat er is gezien, de regel en de criteria waarvoor die telt.",
        ),
        "checked-at": Text("Checked {moment}", "Gecontroleerd {moment}"),
        "not-checked": Text(
            "Not checked: it is known from the cluster only.",
            "Niet gecontroleerd: alleen bekend uit het cluster.",
        ),
        "nothing-open": Text(
            "The checks found nothing that asks for attention.",
            "De controles hebben niets gevonden dat aandacht vraagt.",
        ),
        "see-records": Text(
            "What is open stands with its declaration.", "Wat nog open staat, staat bij de verklaring."
        ),
        "settled": Text("{count} in order or not applicable", "{count} in orde of niet van toepassing"),
        "advice": Text("Advice", "Advies"),
        "evidence": Text("Seen", "Gezien"),
        "as-above": Text("the same as above", "hetzelfde als hierboven"),
        "serves": Text("criteria {numbers}", "criteria {numbers}"),
        "to-top": Text("Back to the criteria", "Terug naar de criteria"),
        "unread": Text("Not understood", "Niet begrepen"),
        "unread-lead": Text(
            "These resources of the cluster could not be read and are missing above.",
            "Deze resources van het cluster waren niet te lezen en ontbreken hierboven.",
        ),
        "about": Text("About this report", "Over dit rapport"),
        "about-method": Text(
            "mailseal looked at public DNS and at the mail servers from outside, and validated DNSSEC "
            "itself. The "
            "report states what was seen at the times given; it is no certificate and no legal advice. "
            "Days and "
            "times are those of {zone}.",
            "mailseal heeft van buitenaf naar de openbare DNS en de mailservers gekeken en DNSSEC zelf "
            "gevalideerd. "
            "Het rapport geeft weer wat op de genoemde tijden is gezien; het is geen certificaat en geen "
            "juridisch "
            "advies. Dagen en tijden zijn die van {zone}.",
        ),
    }
)
"""By their keys in the templates; each is used there."""
