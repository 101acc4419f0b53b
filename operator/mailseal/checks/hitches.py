"""What a run says of a subject whose checks did not come to an end, or could not begin."""

from __future__ import annotations

from mailseal.checks.model import Check, Finding, Outcome, Subject, Text, Verdict

RUN_CHECKS = {
    subject: Check(
        f"{subject}.run",
        subject,
        Text("The checks come to an end", "De controles komen tot een einde"),
        "mailseal",
    )
    for subject in Subject
}
TIMED_OUT = {
    subject: Verdict(
        check,
        "timed-out",
        Outcome.UNKNOWN,
        Text(
            "{target}: the checks were not done within {seconds} seconds, so that nothing is known",
            "{target}: de controles waren niet binnen {seconds} seconden klaar, dus is er niets bekend",
        ),
        Text(
            "Check again later; if it stays so, look whether the name servers and mail servers of {target} "
            "answer, and whether this host may reach them",
            "Controleer het later opnieuw; blijft het zo, ga dan na of de nameservers en mailservers van "
            "{target} antwoorden en of ze vanaf deze computer bereikbaar zijn",
        ),
    )
    for subject, check in RUN_CHECKS.items()
}
FAILED = {
    subject: Verdict(
        check,
        "failed",
        Outcome.UNKNOWN,
        Text(
            "{target}: the checks failed through an error in mailseal ({error}), so that nothing is known",
            "{target}: de controles zijn mislukt door een fout in mailseal ({error}), dus is er niets bekend",
        ),
        Text(
            "Report this error of mailseal with what its log says",
            "Meld deze fout van mailseal, met wat erover in het logboek staat",
        ),
    )
    for subject, check in RUN_CHECKS.items()
}
NO_DOMAIN = {
    subject: Verdict(
        check,
        "no-domain",
        Outcome.FAIL,
        Text(
            "{target} does not exist in DNS, so that there is nothing to check",
            "{target} bestaat niet in DNS, dus valt er niets te controleren",
        ),
        Text(
            "Look whether the name is spelt rightly and the domain still registered",
            "Ga na of de naam goed gespeld is en of het domein nog geregistreerd is",
        ),
    )
    for subject, check in RUN_CHECKS.items()
}


def no_domain_on(subject: Subject, target: str) -> Finding:
    """The domain does not exist, nor does any name below it (RFC 8020)."""
    return NO_DOMAIN[subject].on(target)


def timed_out_on(subject: Subject, target: str, seconds: float) -> Finding:
    """The checks of `subject` took longer than the run allows."""
    return TIMED_OUT[subject].on(target, seconds=f"{seconds:g}")


def failed_on(subject: Subject, target: str, error: Exception) -> Finding:
    """The checks of `subject` raised what they should not. Only the kind of the error is shown."""
    return FAILED[subject].on(target, error=type(error).__name__)
