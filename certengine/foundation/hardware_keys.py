"""Keys in a hardware module (PKCS#11): they are made in it and never leave it; only digests and messages go in."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pkcs11
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_named_curve_parameters

ED25519 = "1.3.101.112"
P256_POINT, ED25519_POINT = 65, 32


class HardwareKeyStore:
    """The keys of one token, by their labels. folder: where a lock keeps two processes of a host apart."""

    def __init__(self, module: str, token: str, pin: str, folder: Path) -> None:
        self._module, self._token, self._pin, self._folder = module, token, pin, folder
        # A session is one conversation: threads take turns. A child process must begin anew.
        self._lock = threading.RLock()
        self._session: Any = None
        self._process = 0

    def ed25519(self, name: str) -> Ed25519PrivateKey:
        point = self._public_point(name, KeyType.EC_EDWARDS)
        return HardwareEd25519Key(self, name, Ed25519PublicKey.from_public_bytes(point[-ED25519_POINT:]))

    def p256(self, name: str) -> ec.EllipticCurvePrivateKey:
        point = self._public_point(name, KeyType.EC)
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point[-P256_POINT:])
        return HardwareP256Key(self, name, public)

    def sign(self, name: str, kind: KeyType, message: bytes, mechanism: Mechanism) -> bytes:
        """The signature of the named key over a digest or a message."""
        with self._open() as session:
            return bytes(self._first(session, name, kind, ObjectClass.PRIVATE_KEY).sign(message, mechanism=mechanism))

    @contextmanager
    def _open(self) -> Iterator[Any]:
        with self._lock:
            if self._process != os.getpid():
                library = pkcs11.lib(self._module)
                if self._process:
                    library.reinitialize()
                token = library.get_token(token_label=self._token)
                try:
                    self._session = token.open(rw=True, user_pin=self._pin)
                except pkcs11.UserAlreadyLoggedIn:
                    # Signed in is a whole process, whichever conversation did it.
                    self._session = token.open(rw=True)
                self._process = os.getpid()
            yield self._session

    def _public_point(self, name: str, kind: KeyType) -> bytes:
        """Of the named key, made at first use."""
        with self._open() as session:
            if self._first(session, name, kind, ObjectClass.PUBLIC_KEY) is None:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                with (self._folder / "hardware.lock").open("w") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    if self._first(session, name, kind, ObjectClass.PUBLIC_KEY) is None:
                        _generate(session, name, kind)
            return bytes(self._first(session, name, kind, ObjectClass.PUBLIC_KEY)[Attribute.EC_POINT])

    @staticmethod
    def _first(session: Any, name: str, kind: KeyType, what: ObjectClass) -> Any:
        """Of two hosts that made a key of one name at once, the earlier one's is everybody's."""
        sought = {Attribute.LABEL: name, Attribute.KEY_TYPE: kind, Attribute.CLASS: what}
        found = sorted(session.get_objects(sought), key=lambda each: bytes(each[Attribute.ID]))
        return found[0] if found else None


def _generate(session: Any, name: str, kind: KeyType) -> None:
    curve = encode_named_curve_parameters("secp256r1" if kind is KeyType.EC else ED25519)
    parameters = session.create_domain_parameters(kind, {Attribute.EC_PARAMS: curve}, local=True)
    mechanism = Mechanism.EC_KEY_PAIR_GEN if kind is KeyType.EC else Mechanism.EC_EDWARDS_KEY_PAIR_GEN
    parameters.generate_keypair(
        mechanism=mechanism,
        store=True,
        label=name,
        id=time.time_ns().to_bytes(8, "big"),
        private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
    )


class _Unreachable:
    """What a key in a module cannot do."""

    def private_bytes(self, *_: object, **__: object) -> bytes:
        raise ValueError("the key does not leave its module")

    def private_bytes_raw(self) -> bytes:
        raise ValueError("the key does not leave its module")

    def private_numbers(self) -> Any:
        raise ValueError("the key does not leave its module")

    def exchange(self, *_: object) -> bytes:
        raise ValueError("the key is for signing")

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _memo: object) -> Any:
        return self


class HardwareP256Key(_Unreachable, ec.EllipticCurvePrivateKey):
    def __init__(self, store: HardwareKeyStore, name: str, public: ec.EllipticCurvePublicKey) -> None:
        self._store, self._name, self._public = store, name, public

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public.curve

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """DER, as other keys give it; the digest is made here and signed in the module."""
        digest = hashes.Hash(signature_algorithm.algorithm)  # type: ignore[arg-type]
        digest.update(bytes(data))
        raw = self._store.sign(self._name, KeyType.EC, digest.finalize(), Mechanism.ECDSA)
        half = len(raw) // 2
        return utils.encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))


class HardwareEd25519Key(_Unreachable, Ed25519PrivateKey):
    def __init__(self, store: HardwareKeyStore, name: str, public: Ed25519PublicKey) -> None:
        self._store, self._name, self._public = store, name, public

    def public_key(self) -> Ed25519PublicKey:
        return self._public

    def sign(self, data: Any) -> bytes:
        return self._store.sign(self._name, KeyType.EC_EDWARDS, bytes(data), Mechanism.EDDSA)
