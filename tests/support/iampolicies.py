"""The least IAM policies for Route 53, as the documentation gives them."""

from __future__ import annotations

from typing import Any

_ZONE = "arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ"
_CHANGE: dict[str, Any] = {
    "Effect": "Allow",
    "Action": "route53:ChangeResourceRecordSets",
    "Resource": _ZONE,
    "Condition": {
        "ForAllValues:StringEquals": {
            "route53:ChangeResourceRecordSetsRecordTypes": ["CNAME", "MX", "TXT"],
            "route53:ChangeResourceRecordSetsActions": ["CREATE", "DELETE"],
        }
    },
}
_GET_CHANGE = {"Effect": "Allow", "Action": "route53:GetChange", "Resource": "arn:aws:route53:::change/*"}

BY_NAME: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "route53:ListHostedZonesByName", "Resource": "*"},
        {"Effect": "Allow", "Action": "route53:ListResourceRecordSets", "Resource": _ZONE},
        _CHANGE,
        _GET_CHANGE,
    ],
}
"""Zones are found by name."""
BY_ID: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["route53:GetHostedZone", "route53:ListResourceRecordSets"],
            "Resource": _ZONE,
        },
        _CHANGE,
        _GET_CHANGE,
    ],
}
"""The settings list `hostedZoneIds`: nothing else of the account is seen."""


def actions(policy: dict[str, Any]) -> set[str]:
    """The operations of Route 53 that a policy allows."""
    listed = [statement["Action"] for statement in policy["Statement"]]
    flat = [action for each in listed for action in ([each] if isinstance(each, str) else each)]
    return {action.removeprefix("route53:") for action in flat}


def conditions(policy: dict[str, Any]) -> dict[str, list[str]]:
    """What changes a policy allows, by the key of its condition."""
    (change,) = [each for each in policy["Statement"] if "Condition" in each]
    found: dict[str, list[str]] = change["Condition"]["ForAllValues:StringEquals"]
    return found
