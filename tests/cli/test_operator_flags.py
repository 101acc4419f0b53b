"""Flags of the operator that cannot be used are told at the start, not by checks that never run."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from mailseal.cli.app import app


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (("--check-interval", "6"), "--check-interval: '6' is not a number and a unit"),
        (("--check-interval", "0h"), "--check-interval: write a duration above 0"),
        (("--trust-anchor", "example. IN A 192.0.2.1"), "is not a DS or DNSKEY record"),
        (("--resolver", "not an address"), "not an address"),
        (("--check-ca-file", "/nowhere/ca.pem"), "/nowhere/ca.pem"),
        (("--check-smtp-port", "0"), "--check-smtp-port"),
        (("--check-concurrency", "0"), "--check-concurrency"),
        (("--namespaced-provider-network", "10.0.0.1/8"), "--namespaced-provider-network"),
        (("--namespaced-provider-closed-network", "svc"), "write a network such as 10.0.0.0/8"),
    ],
)
def test_a_flag_that_could_not_be_used_is_refused(flags: tuple[str, ...], complaint: str) -> None:
    environment = {"COLUMNS": "400", "NO_COLOR": "1", "TERM": "dumb", "KUBECONFIG": "/nowhere"}
    result = CliRunner().invoke(app, ["operator", *flags], env=environment)
    assert result.exit_code == 2, result.output
    assert complaint in result.output
