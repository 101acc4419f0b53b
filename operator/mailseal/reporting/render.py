"""The report as one HTML file that loads nothing and runs nothing."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Iterator
from functools import cache, partial
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mailseal.checks.model import Finding, Language, Text
from mailseal.planning.keylife.model import KeyState
from mailseal.reporting import dates, timeline
from mailseal.reporting.criteria import MEASURED, MEASUREMENTS, NOT_MEASURED
from mailseal.reporting.model import Report
from mailseal.reporting.texts import WORDS

_PACKAGE: Final = "mailseal.reporting"
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Categories of characters that show nothing, turn the direction of text, or cannot be written as UTF-8."""
_KEY_STATES: Final = frozenset(str(state) for state in KeyState)
_KEPT: Final = frozenset("\n\t")


def render_report(report: Report, language: Language) -> str:
    """The HTML of the report; the same for the same report and language."""
    return "".join(stream_report(report, language))


def stream_report(report: Report, language: Language) -> Iterator[str]:
    """The HTML of the report in pieces."""
    style = Markup(_style())  # noqa: S704 - our own file
    return (
        _environment(language)
        .get_template("report.html.j2")
        .generate(
            report=report,
            head=report.head,
            anchors={section.domain: section.anchor for section in report.sections},
            measured=MEASURED,
            measurements=MEASUREMENTS,
            not_measured=NOT_MEASURED,
            drawing=timeline.draw(report.spans, report.today),
            sizes=timeline,
            key_states=_KEY_STATES,
            style=style,
            style_digest=_csp_digest(style),
        )
    )


def visible(text: str) -> str:
    """The text with characters that would hide or turn something shown as `\\u{...}`."""
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _KEPT or unicodedata.category(character) not in _HIDDEN:
        return character
    return f"\\u{{{ord(character):04x}}}"


def _finalized(value: object) -> object:
    """What stands for a value in the HTML, before it is escaped; undefined values still raise."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_finalized,
    )
    environment.globals |= {
        "language": str(language),
        "word": partial(_word, language),
        "told": partial(_told, language),
        "says": partial(_says, language),
        "advice": partial(_advice, language),
    }
    environment.filters |= {
        "day": partial(dates.told_day, language=language),
        "month": partial(dates.told_month, language=language),
        "short_month": partial(dates.told_short_month, language=language),
        "moment": partial(dates.told_moment, language=language),
    }
    return environment


def _word(language: Language, key: str, **values: object) -> str:
    return WORDS[key].told(language, {name: str(value) for name, value in values.items()})


def _told(language: Language, text: Text) -> str:
    return text.told(language)


def _says(language: Language, finding: Finding) -> str:
    return finding.says(language)


def _advice(language: Language, finding: Finding) -> str:
    return finding.advice(language)


@cache
def _style() -> str:
    loader = PackageLoader(_PACKAGE)
    source, _, _ = loader.get_source(Environment(autoescape=True), "report.css")
    return source


def _csp_digest(style: str) -> str:
    """The digest that allows this very style sheet (Content Security Policy Level 3, section 2.3.1)."""
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
