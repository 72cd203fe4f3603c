import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from certengine.foundation.files import FileStore
from certengine.foundation.ids import fold_code, new_id, random_code
from certengine.foundation.keys import FieldCipher, PemKeyStore
from certengine.foundation.settings import driver_url, read_settings


def test_a_key_is_made_once_even_by_many_at_the_same_time(tmp_path: Path) -> None:
    def public_bytes(_: int) -> bytes:
        key = PemKeyStore(tmp_path / "keys", "secret").ed25519("ledger")
        return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(public_bytes, range(16)))) == 1


def test_key_files_are_encrypted_and_for_their_owner_alone(tmp_path: Path) -> None:
    PemKeyStore(tmp_path / "keys", "secret").p256("issuer")
    path = tmp_path / "keys" / "issuer.pem"
    assert b"ENCRYPTED" in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ValueError):
        PemKeyStore(tmp_path / "keys", "another secret").p256("issuer")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_sealed_field_opens_only_with_its_secret(plain: str) -> None:
    sealed = FieldCipher("secret").encrypt(plain)
    assert FieldCipher("secret").decrypt(sealed) == plain
    with pytest.raises(InvalidTag):
        FieldCipher("other").decrypt(sealed)


def test_the_blind_index_finds_equal_values_without_telling_them() -> None:
    cipher = FieldCipher("secret")
    assert cipher.blind_index("a") == cipher.blind_index("a") != cipher.blind_index("b")
    assert cipher.blind_index("a") != FieldCipher("other").blind_index("a")


def test_a_file_is_kept_by_the_hash_of_its_bytes(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    digest = store.put(b"paper")
    assert store.put(b"paper") == digest and store.get(digest) == b"paper"
    with pytest.raises(ValueError):
        store.path("../../etc/passwd")


def test_ids_grow_with_time() -> None:
    made = [new_id() for _ in range(3)]
    assert all(each.version == 7 for each in made) and len(set(made)) == 3


@given(st.integers(1, 40))
def test_a_code_read_from_paper_with_spaces_and_confused_letters_is_the_same_code(length: int) -> None:
    code = random_code(length)
    typed = "-".join(code.lower().replace("0", "o").replace("1", "l"))
    assert fold_code(f" {typed} ") == code


def test_settings_name_the_driver_and_keep_one_secret(tmp_path: Path) -> None:
    first = read_settings({"CERTENGINE_DATA": str(tmp_path)})
    assert first.secret_key == read_settings({"CERTENGINE_DATA": str(tmp_path)}).secret_key
    assert driver_url("postgres://u@h/d") == "postgresql+psycopg://u@h/d"
