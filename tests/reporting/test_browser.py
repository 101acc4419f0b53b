"""The report in a real Chromium: for everybody, on every screen, with the keyboard alone, and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver.common.keys import Keys

from mailseal.checks.model import DomainResult, Examined, Language
from mailseal.checks.mta_sts_verdicts import MISSING
from mailseal.checks.serialize import CheckedDomain
from mailseal.records.names import DnsName
from mailseal.reporting import build_report, read_bodies, render_report
from support.chromium import Browser, browser
from support.reportsample import HEAD, NOW, nta_body, sample_report

LANGUAGES = tuple(Language)
_FOCUS = "const at = document.activeElement; return at === document.body ? null : %s;"
_A4_POINTS = (595, 842)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[Language, str]:
    directory = tmp_path_factory.mktemp("reports")
    urls = {}
    for language in LANGUAGES:
        file = directory / f"{language}.html"
        file.write_text(render_report(sample_report(), language), encoding="utf-8")
        urls[language] = file.as_uri()
    return urls


def opened(chromium: Browser, url: str, *, width: int, is_dark: bool = False) -> None:
    chromium.driver.get("about:blank")
    chromium.messages()
    chromium.look(width=width, is_dark=is_dark)
    chromium.driver.get(url)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_barrier(
    chromium: Browser, pages: dict[Language, str], language: Language, width: int, *, is_dark: bool
) -> None:
    """Contrast, names, structure and the rest of axe-core's rules, with the folded parts open."""
    opened(chromium, pages[language], width=width, is_dark=is_dark)
    assert violations(chromium) == []


def violations(chromium: Browser) -> list[tuple[str, list[str]]]:
    """The rules of axe-core that the page breaks and where, with the folded parts open."""
    chromium.script("document.querySelectorAll('details').forEach(each => each.open = true)")
    chromium.script(Axe().axe_script)
    found = chromium.driver.execute_async_script(
        "axe.run({resultTypes: ['violations']}).then(arguments[arguments.length - 1])"
    )
    assert {rule["id"] for rule in found["passes"]} >= {"color-contrast", "html-has-lang", "list"}
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]]


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_no_barrier_where_lists_are_long_and_facts_are_missing(
    chromium: Browser, tmp_path: Path, width: int
) -> None:
    """Folded names of domains, domains that were not checked, and resources that were not understood."""
    domains = [DnsName.parse(f"d{number}.example") for number in range(20)]
    results = [DomainResult(Examined(domain), (MISSING.on(domain),)) for domain in domains]
    broken = {**nta_body("broken", domains, None), "spec": {}}
    resources = read_bodies([broken, nta_body("a", ["unseen.example"], None)], NOW)
    report = build_report([CheckedDomain(result, NOW) for result in results], HEAD, resources)
    file = tmp_path / "long.html"
    file.write_text(render_report(report, Language.NL), encoding="utf-8")
    opened(chromium, file.as_uri(), width=width)
    assert violations(chromium) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_only_tables_and_drawings_scroll_sideways(
    chromium: Browser, pages: dict[Language, str], language: Language, width: int
) -> None:
    opened(chromium, pages[language], width=width)
    chromium.script("document.querySelectorAll('details').forEach(each => each.open = true)")
    wide = chromium.script("return document.documentElement.scrollWidth")
    sticking_out = chromium.script(
        "return [...document.body.querySelectorAll('*')].filter(each => !each.closest('.scroll, .symbols') &&"
        " each.getBoundingClientRect().right > innerWidth + 1).map(each => each.outerHTML.slice(0, 200))"
    )
    assert (wide, sticking_out) == (width, [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_loaded_and_nothing_is_refused(
    chromium: Browser, pages: dict[Language, str], language: Language
) -> None:
    """No request but for the file itself, and nothing for the browser to complain about."""
    opened(chromium, pages[language], width=1280)
    assert chromium.script("return performance.getEntriesByType('resource').map(each => each.name)") == []
    assert chromium.messages() == []


def test_the_policy_stops_scripts_and_requests(
    chromium: Browser, pages: dict[Language, str], tmp_path: Path
) -> None:
    """What is added to the file by somebody neither runs nor loads."""
    file = tmp_path / "tampered.html"
    html = render_report(sample_report(), Language.EN)
    added = (
        "<script>document.title = 'owned'</script><img src='http://127.0.0.1:9/pixel' alt=''>"
        "<style>h1 { color: rgb(1, 2, 3) }</style></body>"
    )
    file.write_text(html.replace("</body>", added), encoding="utf-8")
    opened(chromium, file.as_uri(), width=1280)
    assert chromium.driver.title.startswith("Evidence report")
    assert chromium.script("return getComputedStyle(document.querySelector('h1')).color") != "rgb(1, 2, 3)"
    assert len(chromium.messages()) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    chromium: Browser, pages: dict[Language, str], language: Language
) -> None:
    opened(chromium, pages[language], width=1280)
    wanted = chromium.script(
        "return [...document.querySelectorAll('a, summary, [tabindex=\"0\"]')]"
        ".filter(each => !each.closest('details:not([open]) > *:not(summary)')).length"
    )
    seen = 0
    while seen <= wanted:
        chromium.driver.switch_to.active_element.send_keys(Keys.TAB)
        shown = chromium.script(
            _FOCUS % "[getComputedStyle(at).outlineStyle, parseFloat(getComputedStyle(at).outlineWidth)]"
        )
        if shown is None:
            break
        seen += 1
        assert shown[0] == "solid"
        assert shown[1] >= 2
    assert seen == wanted


def test_the_first_stop_of_the_keyboard_leads_past_the_contents(
    chromium: Browser, pages: dict[Language, str]
) -> None:
    opened(chromium, pages[Language.EN], width=1280)
    chromium.driver.switch_to.active_element.send_keys(Keys.TAB)
    top = chromium.script(_FOCUS % "at.getBoundingClientRect().top")
    assert top is not None
    assert top >= 0
    chromium.driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert chromium.driver.current_url.endswith("#summary")


def test_the_enter_key_unfolds_what_is_in_order(chromium: Browser, pages: dict[Language, str]) -> None:
    opened(chromium, pages[Language.NL], width=1280)
    summary = chromium.driver.find_element("css selector", "summary")
    assert summary.is_displayed()
    summary.send_keys(Keys.ENTER)
    assert chromium.script("return document.querySelector('details').open")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_leads_to_a_place_in_the_file(
    chromium: Browser, pages: dict[Language, str], language: Language
) -> None:
    opened(chromium, pages[language], width=1280)
    targets = chromium.script(
        "return [...document.querySelectorAll('a, use')].map(each => each.getAttribute('href'))"
    )
    ids = chromium.script("return [...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(ids) == len(set(ids))
    assert {target.removeprefix("#") for target in targets} <= set(ids)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_prints_on_a4_with_everything_unfolded(
    chromium: Browser, pages: dict[Language, str], language: Language
) -> None:
    """More pages than without what is in order, which is folded on the screen, and none that is empty."""
    opened(chromium, pages[language], width=1280)
    pdf = chromium.print_pdf()
    sizes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([0-9.]+) ([0-9.]+)\s*\]", pdf)
    assert {(round(float(width)), round(float(height))) for width, height in sizes} == {_A4_POINTS}
    chromium.script("document.querySelectorAll('details').forEach(each => each.remove())")
    short = chromium.print_pdf()
    assert 5 <= page_count(short) < page_count(pdf) <= 25


def test_table_heads_are_repeated_and_rows_stay_whole_in_print(
    chromium: Browser, pages: dict[Language, str]
) -> None:
    opened(chromium, pages[Language.NL], width=1280)
    chromium.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    display, inside, overflow, wide = chromium.script(
        "const style = name => getComputedStyle(document.querySelector(name));"
        "return [style('thead').display, style('tbody tr').breakInside, style('.scroll').overflowX,"
        " document.documentElement.scrollWidth]"
    )
    assert (display, inside, overflow) == ("table-header-group", "avoid", "visible")
    assert wide <= 1280


def page_count(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))
