"""The DMARC part of a MailDomain: the record and the way to a strict policy."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailseal.domain.dmarc import DmarcSpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.specs import InvalidSpec, parse_spec
from mailseal.records.dmarc import DmarcPolicy
from support.manifests import spec_of


def test_dmarc_record_writes_only_what_differs_from_its_defaults() -> None:
    dmarc = DmarcSpec.model_validate({"policy": "quarantine"})
    assert dmarc.record.to_text() == "v=DMARC1; p=quarantine"


def test_dmarc_record_writes_everything_that_was_asked_for() -> None:
    dmarc = DmarcSpec.model_validate(
        {
            "policy": "reject",
            "subdomainPolicy": "quarantine",
            "nonexistentPolicy": "reject",
            "adkim": "strict",
            "aspf": "strict",
            "rua": ["mailto:a@x.example", "mailto:b@x.example"],
            "ruf": ["mailto:c@x.example"],
            "testing": True,
        }
    )
    tags = set(dmarc.record.to_text().split("; "))
    assert tags >= {"p=reject", "sp=quarantine", "np=reject", "adkim=s", "aspf=s", "t=y"}
    assert dmarc.record.rua == ("mailto:a@x.example", "mailto:b@x.example")
    assert dmarc.record.ruf == ("mailto:c@x.example",)


@given(local=st.text(st.sampled_from("abcXYZ019._-+='&%2C!,; "), min_size=1, max_size=12))
def test_every_report_address_that_is_taken_fits_into_a_record(local: str) -> None:
    """The pattern of the CRD lets nothing through that the record's writer refuses."""
    wanted = {"policy": "none", "rua": [f"mailto:{local}@x.example"]}
    try:
        parsed = parse_spec("MailDomain", spec_of("MailDomain", {"dmarc": wanted}))
    except InvalidSpec:
        assert set(local) & set("!,; %")
        return
    assert isinstance(parsed, MailDomainSpec)
    assert parsed.dmarc is not None
    assert parsed.dmarc.record.rua == (f"mailto:{local}@x.example",)


def test_waits_for_dkim_unless_told_otherwise() -> None:
    assert DmarcSpec.model_validate({"policy": "reject"}).wait_for_dkim


def test_a_stage_lasts_as_long_as_it_says() -> None:
    rollout = {"stages": [{"policy": "none", "lasts": "14d"}, {"policy": "quarantine", "lasts": "4w"}]}
    spec = DmarcSpec.model_validate({"policy": "reject", "rollout": rollout})
    assert spec.rollout is not None
    assert [stage.span for stage in spec.rollout.stages] == [timedelta(days=14), timedelta(weeks=4)]


@given(
    stages=st.lists(st.sampled_from(DmarcPolicy), min_size=1, max_size=5), policy=st.sampled_from(DmarcPolicy)
)
def test_a_rollout_that_is_taken_only_grows_stricter(stages: list[DmarcPolicy], policy: DmarcPolicy) -> None:
    order = [list(DmarcPolicy).index(step) for step in (*stages, policy)]
    grows = all(before < after for before, after in pairwise(order))
    written = {"policy": policy, "rollout": {"stages": [{"policy": step, "lasts": "1d"} for step in stages]}}
    spec = spec_of("MailDomain", {"dmarc": written})
    with nullcontext() if grows else pytest.raises(InvalidSpec, match="write stages from mild to strict"):
        parse_spec("MailDomain", spec)
