"""The checks of SPF: the record, what it leads to, what that costs, and whom it lets pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dns.name

from mailseal.checks.model import Examined, Finding
from mailseal.checks.spf.judging import judge_end, judge_record
from mailseal.checks.spf.judging_cost import judge_includes, judge_lookups, judge_ptr, judge_voids
from mailseal.checks.spf.networks import judge_networks
from mailseal.checks.spf.relay import examine_relay
from mailseal.checks.spf.walk import Walk, walk
from mailseal.checks.tools import Tools


async def examine_spf(examined: Examined, tools: Tools) -> Sequence[Finding]:
    """What the SPF of the domain says to receivers, whoever the sender is, and of the NTA 7516 relay."""
    seen = await walk(dns.name.from_text(examined.domain.fqdn), tools.resolver)
    return (*judge(seen), await examine_relay(examined, seen, tools.resolver))


def judge(walk: Walk) -> Iterator[Finding]:
    """What a record deserves with all that it leads to. Where there is no usable one, only that is said."""
    yield from judge_record(walk)
    if walk.start.spf is None:
        return
    yield from judge_end(walk, walk.start.spf)
    for judge_one in (judge_includes, judge_lookups, judge_voids, judge_ptr, judge_networks):
        yield from judge_one(walk)
