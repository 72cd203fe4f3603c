"""Keys in a hardware module, which SoftHSM stands for: whatever is signed with keys in files is signed with them too."""

import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from certengine.foundation.hardware_keys import HardwareKeyStore
from certengine.foundation.runtime import Runtime, use
from certengine.foundation.settings import read_settings

MODULE = next(
    (path for path in map(Path, ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/libsofthsm2.so")) if path.exists()),
    Path("libsofthsm2.so"),
)
LABEL, PIN = "certengine", "2468"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A token of its own; SoftHSM reads where its tokens lie once a process."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    command = ["softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "1357"]
    subprocess.run(command, check=True, capture_output=True)
    yield LABEL
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture
def store(token: str, tmp_path: Path) -> HardwareKeyStore:
    return HardwareKeyStore(str(MODULE), token, PIN, tmp_path / "keys")


def test_a_key_is_made_once_in_the_module_and_never_leaves_it(store: HardwareKeyStore, tmp_path: Path) -> None:
    name = uuid.uuid4().hex
    key = store.p256(name)
    assert store.p256(name).public_key() == key.public_key() != store.p256(name + "-2").public_key()
    signature = key.sign(b"message", ec.ECDSA(hashes.SHA256()))
    key.public_key().verify(signature, b"message", ec.ECDSA(hashes.SHA256()))
    with pytest.raises(ValueError, match="does not leave"):
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    ledger = store.ed25519(name)
    ledger.public_key().verify(ledger.sign(b"checkpoint"), b"checkpoint")


def test_another_process_finds_the_same_key(store: HardwareKeyStore, tmp_path: Path) -> None:
    name = uuid.uuid4().hex
    with get_context("spawn").Pool(2) as pool:
        points = pool.starmap(public_point, [(str(MODULE), str(tmp_path), name)] * 3)
    assert len(set(points)) == 1
    assert points[0] == store.p256(name).public_key().public_numbers().x


def public_point(module: str, folder: str, name: str) -> int:
    return HardwareKeyStore(module, LABEL, PIN, Path(folder)).p256(name).public_key().public_numbers().x


def test_certificates_and_the_ledger_are_signed_in_the_module(runtime: Runtime, token: str, tmp_path: Path) -> None:
    from certengine.certificates import authority, sealing
    from certengine.certificates.verify import Known, verify
    from certengine.ledger import service as ledger
    from certengine.people import service as people
    from certengine.people.models import OrganisationKind
    from tests.certificates.factories import sealed

    settings = replace(runtime.settings, pkcs11_module=str(MODULE), pkcs11_token=token, pkcs11_pin=PIN)
    other = use(Runtime(settings, runtime.clock))
    pdf = other.files.get(sealed(other).file)
    with other.unit_of_work() as session:
        now = other.clock.now()
        office = people.create_organisation(session, OrganisationKind.DEPARTMENT, "省厅", "SDRS", now)
        signer = authority.countersigner(session, other, authority.subject_of(office), now)
        pdf, _until = sealing.Sealer(session, other, now).countersigned(pdf, signer)
        known = Known(log=ledger.verifier(session, other), countersigned=True)
        verdict = verify(pdf, authority.roots(session), known)
    assert verdict.valid and verdict.level == "B-LTA" and verdict.ledger and verdict.ledger.signed
    assert not list((tmp_path / "keys").glob("*.pem"))
    other.engine.dispose()


def test_the_module_is_a_matter_of_settings(tmp_path: Path) -> None:
    environment = {
        "CERTENGINE_DATA": str(tmp_path),
        "CERTENGINE_PKCS11_MODULE": "/m.so",
        "CERTENGINE_PKCS11_TOKEN": "t",
    }
    found = read_settings({**environment, "CERTENGINE_PKCS11_PIN": "1"})
    assert (found.pkcs11_module, found.pkcs11_token, found.pkcs11_pin) == ("/m.so", "t", "1")
