"""The keys of an installation in a file of their own, encrypted with a passphrase: scrypt, then AES-256-GCM."""

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from certengine.backup.archive import Damaged, sync_folder

FORMAT = "certengine-keys/1"
ENVIRONMENT = "CERTENGINE_BACKUP_PASSPHRASE"
LEAST_PASSPHRASE = 12
COST, BLOCK, LANES = 2**17, 8, 1
SECRET_FILE = "secret_key"
KEYS_FOLDER = "keys"


@dataclass(frozen=True)
class Keys:
    """The master secret, and the key files by name (which are encrypted with it)."""

    secret: str
    files: dict[str, bytes]


def of_installation(secret: str, data: Path) -> Keys:
    found = sorted((data / KEYS_FOLDER).glob("*.pem")) if (data / KEYS_FOLDER).is_dir() else []
    return Keys(secret, {path.name: path.read_bytes() for path in found})


def seal(keys: Keys, passphrase: str) -> bytes:
    salt, nonce = os.urandom(16), os.urandom(12)
    head = {"format": FORMAT, "nonce": nonce.hex(), "salt": salt.hex()}
    plain = {"secret": keys.secret, "files": {name: base64.b64encode(pem).decode() for name, pem in keys.files.items()}}
    cipher = AESGCM(_key(passphrase, salt))
    sealed = cipher.encrypt(nonce, json.dumps(plain).encode(), _bound(head))
    return json.dumps({**head, "sealed": base64.b64encode(sealed).decode()}, indent=1).encode() + b"\n"


def unseal(content: bytes, passphrase: str) -> Keys:
    """Raises Damaged: another passphrase, or a file that is not as it was written."""
    try:
        found = json.loads(content)
        head = {name: str(found[name]) for name in ("format", "nonce", "salt")}
        sealed = base64.b64decode(found["sealed"], validate=True)
        nonce, salt = bytes.fromhex(head["nonce"]), bytes.fromhex(head["salt"])
        if head["format"] != FORMAT:
            raise Damaged("the file of keys is of another format")
        plain = json.loads(AESGCM(_key(passphrase, salt)).decrypt(nonce, sealed, _bound(head)))
        files = {Path(name).name: base64.b64decode(pem) for name, pem in plain["files"].items()}
        return Keys(plain["secret"], files)
    except (ValueError, KeyError, TypeError):
        raise Damaged("the file of keys cannot be read") from None
    except InvalidTag:
        raise Damaged("the passphrase is another one, or the file of keys was changed") from None


def write(path: Path, content: bytes) -> None:
    """Readable by its owner alone; refuses to write over a file."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def lay_down(keys: Keys, folder: Path) -> None:
    """Into a data folder, as an installation keeps them."""
    (folder / KEYS_FOLDER).mkdir(mode=0o700)
    for name, pem in keys.files.items():
        write(folder / KEYS_FOLDER / name, pem)
    write(folder / SECRET_FILE, keys.secret.encode())


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=COST, r=BLOCK, p=LANES).derive(passphrase.encode())


def _bound(head: dict[str, str]) -> bytes:
    return json.dumps(head, sort_keys=True).encode()
