"""Verifies with dkimpy. Run by the Python of the system, for which Debian packages dkimpy and PyNaCl.

python3 dkimpy_verify.py ADDRESS PORT FILE ...: a line for each file: "selector=result" of each signature.
"""

import sys
from pathlib import Path

import dkim
import dns.resolver


def main(address: str, port: str, *paths: str) -> None:
    """Print the verdicts."""
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [address]
    resolver.port = int(port)

    def key_record(name: bytes, timeout: int = 5) -> bytes:
        answer = resolver.resolve(name.decode(), "TXT", lifetime=timeout)
        return b"".join(answer[0].strings)

    for path in paths:
        message = Path(path).read_bytes()
        count = sum(line.lower().startswith(b"dkim-signature:") for line in message.split(b"\r\n"))
        verdicts = []
        for index in range(count):
            verifier = dkim.DKIM(message)
            try:
                passed = verifier.verify(index, dnsfunc=key_record)
            except (dkim.DKIMException, dns.exception.DNSException):
                passed = False
            selector = verifier.signature_fields[b"s"].decode()
            verdicts.append(f"{selector}={'pass' if passed else 'fail'}")
        sys.stdout.write(" ".join(verdicts) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
