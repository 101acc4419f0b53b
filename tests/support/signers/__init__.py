"""Real mail software that signs with a mounted Secret, and real verifiers; nothing here needs pytest.

`CONFIGURATION` in each module is what an administrator writes, as docs/dkim.md quotes it.
"""

from support.signers.dkimpymilter import DkimpyMilterSigner
from support.signers.exim import EximSigner
from support.signers.maildkim import MailDkimSigner
from support.signers.mount import MountedSecret
from support.signers.opendkim import OpenDkimSigner
from support.signers.process import Signer
from support.signers.rspamd import RspamdMapSigner, RspamdSigner

__all__ = [
    "DkimpyMilterSigner",
    "EximSigner",
    "MailDkimSigner",
    "MountedSecret",
    "OpenDkimSigner",
    "RspamdMapSigner",
    "RspamdSigner",
    "Signer",
]
