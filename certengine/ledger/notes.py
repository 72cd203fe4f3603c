"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature). Pure."""

import base64
import hashlib
import struct
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
COSIGNATURE_V1 = b"\x04"


class BadNote(Exception):
    """A note, checkpoint or key that is not well formed, or whose signature does not hold."""


@dataclass(frozen=True)
class Verifier:
    """A public key with its name, as printed: NAME+HASH+base64(type || key)."""

    name: str
    kind: bytes
    key: bytes

    @property
    def key_hash(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_hash.hex()}+{base64.b64encode(self.kind + self.key).decode()}"

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Whether a signature over the text of a note is this key's."""
        if self.kind == COSIGNATURE_V1:
            if len(signature) != 72:
                return False
            text = cosigned_text(text, struct.unpack(">Q", signature[:8])[0])
            signature = signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text)
        except InvalidSignature:
            return False
        return True


def cosigned_at(signature: bytes) -> datetime:
    """When a witness says that it signed."""
    return datetime.fromtimestamp(struct.unpack(">Q", signature[:8])[0], UTC)


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()


@dataclass(frozen=True)
class Signature:
    name: str
    key_hash: bytes
    value: bytes

    def line(self) -> str:
        return f"— {self.name} {base64.b64encode(self.key_hash + self.value).decode()}\n"


def parse_verifier(text: str) -> Verifier:
    try:
        name, key_hash, encoded = text.strip().split("+", 2)
        decoded = base64.b64decode(encoded, validate=True)
    except (ValueError, Base64Error):
        raise BadNote("not a verifier key") from None
    verifier = Verifier(name, decoded[:1], decoded[1:])
    if len(verifier.key) != 32 or verifier.kind not in (ED25519, COSIGNATURE_V1) or verifier.key_hash.hex() != key_hash:
        raise BadNote("not a verifier key")
    return verifier


def verifier_of(name: str, key: Ed25519PrivateKey, kind: bytes = ED25519) -> Verifier:
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return Verifier(name, kind, raw)


def sign(checkpoint: Checkpoint, name: str, key: Ed25519PrivateKey) -> str:
    """The checkpoint as a signed note."""
    text = checkpoint.text()
    return text.decode() + "\n" + Signature(name, verifier_of(name, key).key_hash, key.sign(text)).line()


def cosigned_text(text: bytes, timestamp: int) -> bytes:
    return f"cosignature/v1\ntime {timestamp}\n".encode() + text


def cosign(note: str, name: str, key: Ed25519PrivateKey, timestamp: int) -> str:
    """The note with a witness's line added; timestamp in seconds of Unix time."""
    text, _signatures = parse_note(note)
    value = struct.pack(">Q", timestamp) + key.sign(cosigned_text(text, timestamp))
    return note + Signature(name, verifier_of(name, key, COSIGNATURE_V1).key_hash, value).line()


def parse_note(note: str) -> tuple[bytes, list[Signature]]:
    """The signed text and the signatures of a note."""
    head, separator, tail = note.partition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise BadNote("not a signed note")
    signatures = []
    for line in tail[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—":
            raise BadNote("not a signature line")
        try:
            decoded = base64.b64decode(parts[2], validate=True)
        except Base64Error:
            raise BadNote("not a signature line") from None
        if len(decoded) < 5:
            raise BadNote("not a signature line")
        signatures.append(Signature(parts[1], decoded[:4], decoded[4:]))
    return (head + "\n").encode(), signatures


def own_note(note: str, name: str) -> str:
    """The note with the lines of that name alone."""
    text, signatures = parse_note(note)
    return text.decode() + "\n" + "".join(each.line() for each in signatures if each.name == name)


def open_checkpoint(note: str, verifier: Verifier) -> Checkpoint:
    """The checkpoint of a note that this key has signed; raises BadNote."""
    text, signatures = parse_note(note)
    mine = [each for each in signatures if each.name == verifier.name and each.key_hash == verifier.key_hash]
    if not mine or not all(verifier.holds(text, each.value) for each in mine):
        raise BadNote("the signature does not hold")
    return read_checkpoint(text)


def read_checkpoint(text: bytes) -> Checkpoint:
    """What the text of a note says, whoever signed it; raises BadNote."""
    lines = text.decode().split("\n")
    try:
        if len(lines) < 4 or str(int(lines[1])) != lines[1]:
            raise BadNote("not a checkpoint")
        root = base64.b64decode(lines[2], validate=True)
    except (ValueError, Base64Error):
        raise BadNote("not a checkpoint") from None
    if len(root) != 32:
        raise BadNote("not a checkpoint")
    return Checkpoint(lines[0], int(lines[1]), root)
