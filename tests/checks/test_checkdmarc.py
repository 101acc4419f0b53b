"""The same zones through mailseal and checkdmarc: they find the same, but for differences that are explained.

Both ask one BIND. MTA-STS policies are given to both, since checkdmarc fetches from port 443 only. The mail
servers have addresses that the Internet does not route, so that nobody connects to them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailseal.checks.dmarc import examine_dmarc
from mailseal.checks.hosts import examine_mx
from mailseal.checks.https import PolicyAnswer
from mailseal.checks.mta_sts import examine_mta_sts
from mailseal.checks.resolving import open_resolver
from mailseal.checks.settings import CheckSettings
from mailseal.checks.smtp.prober import open_prober
from mailseal.checks.spf import examine_spf
from mailseal.checks.tls_rpt import examine_tls_rpt
from support.checkdmarcfacts import (
    Facts,
    facts_of_checkdmarc,
    facts_of_mailseal,
    give_policies,
    local_resolver,
)
from support.examining import examined, tools_with
from support.servers.bind import BindServer
from support.servers.policyhost import policy_text

_INCLUDES = tuple(
    "".join(f" include:_spf{number}.provider.test" for number in range(*ends)) for ends in ((0, 5), (5, 10))
)
_NETWORKS = " ".join(f"ip4:192.0.2.{number}" for number in range(30))
EXAMINERS = (examine_mx, examine_spf, examine_dmarc, examine_mta_sts, examine_tls_rpt)
CORPUS = {
    # MX
    "mx-two": "@ MX 10 a.mx-two\n@ MX 20 b.mx-two\na.@ A 192.0.2.1\nb.@ AAAA 2001:db8::1",
    "mx-null": "@ MX 0 .",
    "mx-null-and-other": "@ MX 0 .\n@ MX 10 mail.test.",
    "mx-case": "@ MX 10 MAIL.Test.",
    "mx-alias": "@ MX 10 alias.mx-alias\nalias.@ CNAME mail.test.",
    "mx-gone": "@ MX 10 gone.test.",
    # SPF
    "spf-good": '@ TXT "v=spf1 mx ip4:192.0.2.1 include:_spf0.provider.test -all"\n@ MX 10 mail.test.',
    "spf-closed": '@ TXT "v=spf1 -all"',
    "spf-soft": '@ TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all"',
    "spf-neutral": '@ TXT "v=spf1 ip4:192.0.2.1 ?all"',
    "spf-open": '@ TXT "v=spf1 +all"',
    "spf-no-all": '@ TXT "v=spf1 ip4:192.0.2.1"',
    "spf-several": '@ TXT "v=spf1 -all"\n@ TXT "v=spf1 ~all"',
    "spf-split": '@ TXT "v=spf1 ip4:192.0.2.1 " "-all"',
    "spf-wrong-address": '@ TXT "v=spf1 ip4:300.1.1.1 -all"',
    "spf-wrong-mechanism": '@ TXT "v=spf1 ipv4:192.0.2.1 -all"',
    "spf-wrong-length": '@ TXT "v=spf1 ip4:192.0.2.1/33 -all"',
    "spf-ten": f'@ TXT "v=spf1{_INCLUDES[0]}" "{_INCLUDES[1]} -all"',
    "spf-eleven": f'@ TXT "v=spf1{_INCLUDES[0]}" "{_INCLUDES[1]} a -all"',
    "spf-deep": '@ TXT "v=spf1 include:_deep.provider.test -all"',
    "spf-two-voids": '@ TXT "v=spf1 a:gone1.test a:gone2.test -all"',
    "spf-three-voids": '@ TXT "v=spf1 a:gone1.test a:gone2.test a:gone3.test -all"',
    "spf-mx-void": '@ TXT "v=spf1 mx:gone.test -all"',
    "spf-no-include": '@ TXT "v=spf1 include:gone.test -all"',
    "spf-include-wrong": '@ TXT "v=spf1 include:_wrong.provider.test -all"',
    "spf-include-several": '@ TXT "v=spf1 include:_several.provider.test -all"',
    "spf-loop": '@ TXT "v=spf1 include:spf-loop.example -all"',
    "spf-long-loop": '@ TXT "v=spf1 include:_loop1.provider.test -all"',
    "spf-redirect": '@ TXT "v=spf1 redirect=_spf0.provider.test"',
    "spf-redirect-none": '@ TXT "v=spf1 redirect=gone.test"',
    "spf-redirect-beside-all": '@ TXT "v=spf1 redirect=_spf0.provider.test -all"',
    "spf-ptr": '@ TXT "v=spf1 ptr -all"',
    "spf-exists": '@ TXT "v=spf1 exists:%{i}._spf.provider.test -all"',
    "spf-wrong-macro": '@ TXT "v=spf1 exists:%(i)._spf.provider.test -all"',
    "spf-modifier": '@ TXT "v=spf1 ip4:192.0.2.1 moo=1 -all"',
    "spf-one-label": '@ TXT "v=spf1 mx:test -all"',
    "spf-unrelated": '@ TXT "v=spf1 -all"\n@ TXT "v=spf10 +all"\n@ TXT "verification=1"',
    "spf-after-all": '@ TXT "v=spf1 -all ip4:192.0.2.1"',
    "spf-long": f'@ TXT "v=spf1 {_NETWORKS[:240]}" "{_NETWORKS[240:]} -all"',
    # DMARC
    "dmarc-good": '_dmarc.@ TXT "v=DMARC1; p=reject; rua=mailto:d@dmarc-good.example"',
    "dmarc-none": '_dmarc.@ TXT "v=DMARC1; p=none"',
    "dmarc-several": '_dmarc.@ TXT "v=DMARC1; p=reject"\n_dmarc.@ TXT "v=DMARC1; p=none"',
    "dmarc-no-p": '_dmarc.@ TXT "v=DMARC1; rua=mailto:d@dmarc-no-p.example"',
    "dmarc-neither": '_dmarc.@ TXT "v=DMARC1; adkim=s"',
    "dmarc-pct": '_dmarc.@ TXT "v=DMARC1; p=quarantine; pct=100"',
    "dmarc-testing": '_dmarc.@ TXT "v=DMARC1; p=reject; t=y"',
    "dmarc-wrong-policy": '_dmarc.@ TXT "v=DMARC1; p=block"',
    "dmarc-wrong-uri": '_dmarc.@ TXT "v=DMARC1; p=reject; rua=d@dmarc-wrong-uri.example"',
    "dmarc-wrong-order": '_dmarc.@ TXT "p=reject; v=DMARC1"',
    "dmarc-unknown-tag": '_dmarc.@ TXT "v=DMARC1; p=reject; colour=red"',
    "dmarc-twice": '_dmarc.@ TXT "v=DMARC1; p=reject; p=none"',
    "dmarc-unrelated": '_dmarc.@ TXT "v=DMARC1; p=reject"\n_dmarc.@ TXT "google-site-verification=x"',
    "dmarc-refused": '_dmarc.@ TXT "v=DMARC1; p=reject; rua=mailto:d@silent.test"',
    "dmarc-agreed": '_dmarc.@ TXT "v=DMARC1; p=reject; rua=mailto:d@agreed.test"',
    "dmarc-wildcard": '_dmarc.@ TXT "v=DMARC1; p=reject; rua=mailto:d@wildcard.test"',
    "mail.dmarc-parent": '_dmarc.dmarc-parent TXT "v=DMARC1; p=reject"',
    "mail.dmarc-sp": '_dmarc.dmarc-sp TXT "v=DMARC1; p=reject; sp=quarantine"',
    "mail.dmarc-split": """
_dmarc.mail.dmarc-split TXT "v=DMARC1; p=reject; psd=n; rua=mailto:d@dmarc-split.example"
""",
    # TLS-RPT
    "tlsrpt-good": '_smtp._tls.@ TXT "v=TLSRPTv1; rua=mailto:t@tlsrpt-good.example"',
    "tlsrpt-https": '_smtp._tls.@ TXT "v=TLSRPTv1; rua=https://tlsrpt-https.example/r"',
    "tlsrpt-several": """
_smtp._tls.@ TXT "v=TLSRPTv1; rua=mailto:a@b.nl"
_smtp._tls.@ TXT "v=TLSRPTv1; rua=mailto:c@d.nl"
""",
    "tlsrpt-no-rua": '_smtp._tls.@ TXT "v=TLSRPTv1"',
    "tlsrpt-wrong-uri": '_smtp._tls.@ TXT "v=TLSRPTv1; rua=ftp://x.example"',
    # MTA-STS
    "sts-good": '_mta-sts.@ TXT "v=STSv1; id=20260101"',
    "sts-testing": '_mta-sts.@ TXT "v=STSv1; id=20260101"',
    "sts-no-policy": '_mta-sts.@ TXT "v=STSv1; id=20260101"',
    "sts-no-mx": '_mta-sts.@ TXT "v=STSv1; id=20260101"',
    "sts-wrong-age": '_mta-sts.@ TXT "v=STSv1; id=20260101"',
    "sts-wrong-id": '_mta-sts.@ TXT "v=STSv1; id=2026-01-01"',
    "sts-no-id": '_mta-sts.@ TXT "v=STSv1;"',
    "sts-several": '_mta-sts.@ TXT "v=STSv1; id=1"\n_mta-sts.@ TXT "v=STSv1; id=2"',
    "nothing": '@ TXT "hello"',
}
PROVIDER = "\n".join(
    f'_spf{number}.provider TXT "v=spf1 ip4:198.51.100.{number} -all"' for number in range(10)
)
OTHERS = f"""
{PROVIDER}
_deep.provider TXT "v=spf1 include:_spf1.provider.test include:_deeper.provider.test -all"
_deeper.provider TXT "v=spf1 a:mail.test mx:mail.test -all"
_wrong.provider TXT "v=spf1 what -all"
_several.provider TXT "v=spf1 -all"
_several.provider TXT "v=spf1 ~all"
_loop1.provider TXT "v=spf1 include:_loop2.provider.test -all"
_loop2.provider TXT "v=spf1 include:_loop1.provider.test -all"
@ MX 10 mail
mail A 192.0.2.25
dmarc-agreed.example._report._dmarc.agreed TXT "v=DMARC1"
*._report._dmarc.wildcard TXT "v=DMARC1"
"""
POLICIES = {
    "sts-good.example": policy_text("enforce", "mail.sts-good.example"),
    "sts-testing.example": policy_text("testing", "mail.sts-testing.example"),
    "sts-no-mx.example": policy_text("enforce"),
    "sts-wrong-age.example": policy_text("enforce", "mail.x.example", max_age_seconds=99_999_999),
}
DIFFERENCES: dict[str, tuple[dict[str, tuple[str | None, str | None]], str]] = {
    "spf-one-label": (
        {
            "spf": ("wrong", "good"),
            "spf all": (None, "fail"),
            "spf look-ups": (None, "1"),
            "spf voids": (None, "0"),
        },
        "a name in a term ends in a dot and a top label, or in a macro (RFC 7208 section 7.1 domain-end)",
    ),
    "spf-redirect-none": (
        {"spf": ("wrong", "missing")},
        "the domain has a record, which redirects to one that does not exist; checkdmarc tells the latter",
    ),
    "dmarc-testing": (
        {"dmarc policy": ("quarantine", "reject")},
        "checkdmarc tells p as it stands; with t=y receivers act one level lower (RFC 9989 section 4.7)",
    ),
    "dmarc-wrong-order": (
        {"dmarc": ("missing", "wrong")},
        "a value that does not start with v=DMARC1 is discarded (section 4.10); checkdmarc fails on it",
    ),
    "dmarc-unrelated": (
        {
            "dmarc": ("good", "wrong"),
            "dmarc at": ("dmarc-unrelated.example", None),
            "dmarc policy": ("reject", None),
            "dmarc obsolete": ("False", None),
            "dmarc consent lacks": ("False", None),
            "dmarc reports": ("False", None),
        },
        "other TXT values are discarded (section 4.10); checkdmarc fails unless told to ignore them",
    ),
    "mail.dmarc-split": (
        {"dmarc consent lacks": ("True", "False")},
        "psd=n makes another organisation of it (section 4.10.2); checkdmarc goes by the public suffix list",
    ),
    "tlsrpt-no-rua": (
        {"tls-rpt": ("wrong", "missing")},
        "checkdmarc takes v=TLSRPTv1 without a semicolon for no TLS-RPT record",
    ),
}
"""Where they say other things: ours, theirs, and why."""


@pytest.fixture(scope="module")
def bind() -> Iterator[BindServer]:
    with BindServer({"example": _zone(), "test": OTHERS}) as server:
        yield server


def _zone() -> str:
    """All records of the corpus in one zone, `@` being the domain; each domain exists."""
    lines = []
    for name, records in CORPUS.items():
        for record in records.strip().splitlines():
            owner, _, rest = record.partition(" ")
            lines.append(f"{_owner(owner, name)} {rest}")
        lines.append(f"{name} A 192.0.2.1")
    return "\n".join(lines)


def _owner(written: str, name: str) -> str:
    return name if written == "@" else written.replace(".@", f".{name}")


@pytest.mark.parametrize("name", CORPUS)
async def test_both_find_the_same_or_the_difference_is_explained(
    name: str, bind: BindServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = f"{name}.example"
    give_policies(monkeypatch, POLICIES)
    theirs = facts_of_checkdmarc(domain, local_resolver(bind.address, bind.port))
    ours = await _facts_of_mailseal(domain, bind)
    expected, reason = DIFFERENCES.get(name, ({}, ""))
    assert _differences(ours, theirs) == expected, reason


def test_each_explained_difference_is_about_a_domain_of_the_corpus() -> None:
    assert DIFFERENCES.keys() <= CORPUS.keys()


async def _facts_of_mailseal(domain: str, bind: BindServer) -> Facts:
    policies = {name: PolicyAnswer(text, content_type="text/plain") for name, text in POLICIES.items()}
    settings = CheckSettings(resolvers=(bind.endpoint,))
    async with open_resolver(settings) as resolver, open_prober(settings, resolver) as prober:
        tools = tools_with(resolver, policies, smtp=prober)
        return facts_of_mailseal([f for look in EXAMINERS for f in await look(examined(domain), tools)])


def _differences(ours: Facts, theirs: Facts) -> dict[str, tuple[str | None, str | None]]:
    return {
        fact: (ours.get(fact), theirs.get(fact))
        for fact in sorted(ours.keys() | theirs.keys())
        if ours.get(fact) != theirs.get(fact)
    }
