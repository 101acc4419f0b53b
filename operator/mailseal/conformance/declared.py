"""The tables of what each type of provider declares, for the documentation.

`python -m mailseal.conformance.declared docs/providers.md` writes them between the marks in that page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from mailseal.providers.base import Capabilities, Costs
from mailseal.providers.registry import capabilities_of, provider_types

BEGIN: Final = "<!-- declared capabilities: written by python -m mailseal.conformance.declared -->"
END: Final = "<!-- end of declared capabilities -->"
_COSTS: Final = (
    "| Type | Changes in one call | Find a zone | Read | Each further key | Write | Each further change "
    "| Delete |",
    "|---|---|---|---|---|---|---|---|",
)
_CANNOT: Final = ("| Type | Cannot do | What becomes of it |", "|---|---|---|")


def declared() -> dict[str, Capabilities]:
    """What each type that is installed declares. Raises `InvalidConfiguration`."""
    return {name: capabilities_of(name) for name in provider_types()}


def tables(types: Mapping[str, Capabilities]) -> str:
    """Requests per operation, and what cannot be done, as two tables in Markdown."""
    costs = (_costs_row(name, capabilities) for name, capabilities in types.items())
    cannot = (row for name, capabilities in types.items() for row in _cannot_rows(name, capabilities))
    return "\n".join((*_COSTS, *costs, "", *_CANNOT, *cannot))


def replaced(page: str, content: str) -> str:
    """The page with `content` between the marks. Raises `ValueError` when they are not in it."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{content}\n\n{END}{after}"


def _costs_row(name: str, capabilities: Capabilities) -> str:
    costs = capabilities.costs
    return _row((f"`{name}`", str(capabilities.batch_limit), *(_requests(costs) if costs else "------")))


def _requests(costs: Costs) -> Iterator[str]:
    deletion = costs.write if costs.delete is None else costs.delete
    for count in (costs.find_zone, costs.read, costs.read_more, costs.write, costs.write_more, deletion):
        yield str(count)


def _cannot_rows(name: str, capabilities: Capabilities) -> Iterator[str]:
    for ability, sentence in capabilities.cannot.items():
        yield _row((f"`{name}`", str(ability), sentence))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def main() -> None:
    """Write the tables into the pages that are named."""
    for argument in sys.argv[1:]:
        page = Path(argument)
        page.write_text(replaced(page.read_text(), tables(declared())))


if __name__ == "__main__":
    main()
