"""The same checks and verdicts for MX hosts and for the hosts that receive NTA 7516 mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from mailseal.checks.model import NO_TEXT, Check, Outcome, Subject, Text, Verdict

Checks: TypeAlias = Mapping[Subject, Check]
Verdicts: TypeAlias = Mapping[Subject, Verdict]
"""One for each of `SUBJECTS`."""

SUBJECTS: Final = (Subject.MX, Subject.NTAMX)
_CRITERIA: Final = ("6.1.6", "6.1.9", "6.1.11", "6.1.16", "7.2")


def checks_of(what: str, title: Text, reference: str) -> Checks:
    """The check `<subject>.<what>` of each subject."""
    return {subject: Check(f"{subject}.{what}", subject, title, reference, _CRITERIA) for subject in SUBJECTS}


def verdicts_of(checks: Checks, code: str, outcome: Outcome, says: Text, advice: Text = NO_TEXT) -> Verdicts:
    """The verdict `code` of each of `checks`."""
    return {subject: Verdict(check, code, outcome, says, advice) for subject, check in checks.items()}
