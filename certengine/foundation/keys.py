"""Keys behind one interface: named private keys, and field encryption with a blind index."""

import hashlib
import hmac
import os
import uuid
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(secret: str, purpose: str) -> bytes:
    """A 32-byte key for one purpose from the installation's secret (HKDF, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=f"certengine {purpose}".encode()).derive(secret.encode())


def key_file_password(secret: str) -> bytes:
    """What key files are encrypted with."""
    return derive(secret, "key files").hex().encode()


class KeyStore(Protocol):
    def ed25519(self, name: str) -> Ed25519PrivateKey:
        """The named key, made at first use."""
        ...

    def p256(self, name: str) -> ec.EllipticCurvePrivateKey:
        """The named key, made at first use."""
        ...


class PemKeyStore:
    """Encrypted PKCS#8 files in a folder that only its owner can read."""

    def __init__(self, folder: Path, secret: str) -> None:
        self._folder = folder
        self._password = key_file_password(secret)

    def ed25519(self, name: str) -> Ed25519PrivateKey:
        key = self._load(name, Ed25519PrivateKey.generate)
        assert isinstance(key, Ed25519PrivateKey)
        return key

    def p256(self, name: str) -> ec.EllipticCurvePrivateKey:
        key = self._load(name, lambda: ec.generate_private_key(ec.SECP256R1()))
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key

    def _load(self, name: str, make):  # type: ignore[no-untyped-def]
        path = self._folder / f"{name}.pem"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            pem = make().private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(self._password),
            )
            draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            # link, not rename: of two processes that make the key at once, the first one's is kept by both.
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return serialization.load_pem_private_key(path.read_bytes(), self._password)


class FieldCipher:
    """Encrypts single fields (AES-256-GCM) and computes the blind index by which an exact value is found."""

    def __init__(self, secret: str) -> None:
        self._cipher = AESGCM(derive(secret, "fields"))
        self._index_key = derive(secret, "blind index")

    def encrypt(self, plain: str) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, plain.encode(), None)

    def decrypt(self, sealed: bytes) -> str:
        return self._cipher.decrypt(sealed[:12], sealed[12:], None).decode()

    def blind_index(self, plain: str) -> str:
        return hmac.new(self._index_key, plain.encode(), hashlib.sha256).hexdigest()
