"""What a reader trusts, as one PEM file: roots, authorities that another root has taken over, and roots that were
compromised. Pure.

A root that was compromised stands in a block of its own kind, with the time since when: every other program passes it
over, so that none trusts it, and ours knows what stood under it.
"""

import base64
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from certengine.certificates.judging import Known, loaded

LABEL = "COMPROMISED ROOT"
BLOCK = re.compile(rf"-----BEGIN {LABEL}-----\r?\nSince: (\S+)\r?\n\r?\n([A-Za-z0-9+/=\s]+)-----END {LABEL}-----")


@dataclass(frozen=True)
class Trust:
    """DER. lost: roots that were compromised, with since when."""

    roots: tuple[bytes, ...]
    carried: tuple[bytes, ...] = ()
    lost: tuple[tuple[bytes, datetime], ...] = ()

    @property
    def all_roots(self) -> list[bytes]:
        """Those that were compromised too: what they have issued is judged by when it was there."""
        return [*self.roots, *(der for der, _since in self.lost)]

    @property
    def known(self) -> Known:
        return Known(compromised={loaded(der).serial_number: since for der, since in self.lost}, carried=self.carried)

    def pem(self) -> bytes:
        made = [loaded(each).public_bytes(serialization.Encoding.PEM).decode() for each in (*self.roots, *self.carried)]
        for der, since in self.lost:
            text = base64.encodebytes(der).decode()
            made.append(f"-----BEGIN {LABEL}-----\nSince: {since.isoformat()}\n\n{text}-----END {LABEL}-----\n")
        return "".join(made).encode()


def read(pem: bytes) -> Trust:
    """Raises ValueError for what is no such file."""
    text = pem.decode()
    blocks = BLOCK.findall(text)
    lost = tuple((base64.b64decode(content), datetime.fromisoformat(since)) for since, content in blocks)
    if text.count(f"BEGIN {LABEL}") != len(lost) or any(since.tzinfo is None for _der, since in lost):
        raise ValueError(LABEL.lower())
    found = x509.load_pem_x509_certificates(BLOCK.sub("", text).encode())
    roots = [each for each in found if each.issuer == each.subject]
    encoded = [
        tuple(each.public_bytes(serialization.Encoding.DER) for each in part)
        for part in (roots, [each for each in found if each not in roots])
    ]
    # Where there is no root, who wrote the file trusts an authority by itself.
    return Trust(encoded[0], encoded[1], lost) if roots else Trust(encoded[1], (), lost)
