"""The Secret of a DkimKey: its name, its labels, and which files it holds for the mail software."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mailseal.domain.checks import Check, matching, whole
from mailseal.domain.common import SUBDOMAIN, Model, ObjectName
from mailseal.domain.lists import SET

_LABEL_NAME = "[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = f"(?:{SUBDOMAIN}/)?{_LABEL_NAME}"
_LABEL_VALUE = f"(?:{_LABEL_NAME})?"


class SecretLayout(StrEnum):
    """For which mail software the Secret holds files that it reads as they are."""

    STABLE = "Stable"
    OPENDKIM = "OpenDKIM"
    RSPAMD = "Rspamd"
    EXIM = "Exim"
    DKIMPY_MILTER = "DkimpyMilter"


class KeyFormat(StrEnum):
    """How private keys are written in PEM."""

    PKCS8 = "PKCS8"
    TRADITIONAL = "Traditional"


class KeySecret(Model):
    """The Secret that holds the private keys."""

    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            f"!has(self.labels) || self.labels.all(key, key.matches({whole(_LABEL_KEY)}) "
            f"&& self.labels[key].matches({whole(_LABEL_VALUE)}))",
            "write Kubernetes labels: keys and values of at most 63 letters, digits, - _ and .",
            lambda secret: all(
                re.fullmatch(_LABEL_KEY, key) and re.fullmatch(_LABEL_VALUE, value)
                for key, value in secret.labels.items()
            ),
            field="labels",
        ),
    )

    name: ObjectName | None = Field(
        default=None,
        description="Name of the Secret in the same namespace. Default: the name of the DkimKey. It cannot "
        "be changed, added or removed later, since the mail server mounts the Secret by its name.",
    )
    labels: dict[str, Annotated[str, Field(max_length=63)]] = Field(
        default_factory=dict,
        max_length=16,
        description="Labels to put on the Secret, so that the mail server's deployment can find it.",
    )
    layouts: Annotated[tuple[SecretLayout, ...], SET] = Field(
        default=(SecretLayout.STABLE,),
        max_length=5,
        description="Which files the Secret holds besides <selector>.pem and selectors, for mail software "
        "to read as they are: Stable (rsa.pem with rsa.selector, ed25519.pem with ed25519.selector: names "
        "that never change), OpenDKIM, Rspamd, Exim, DkimpyMilter.",
    )
    mount_path: Annotated[
        str,
        Field(min_length=2, max_length=200),
        matching(
            r"(?:/\.{0,2}[A-Za-z0-9_-][A-Za-z0-9._-]*)+",
            "write an absolute path of letters, digits, . _ and -, without . and .. parts and without final "
            "slash, such as /etc/mailseal/keys",
        ),
    ] = Field(
        default="/etc/mailseal/keys",
        description="Where the mail server mounts the Secret: the files of the layouts name the key files "
        "there.",
    )
    key_format: KeyFormat = Field(
        default=KeyFormat.PKCS8,
        description="PKCS8 (BEGIN PRIVATE KEY), or Traditional (BEGIN RSA PRIVATE KEY) for old software. "
        "Ed25519 keys are PKCS8 always.",
    )
