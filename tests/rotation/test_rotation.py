"""Another master secret: everything opens with it and nothing with the old one, also after a run that was cut off."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import LargeBinary, select

from certengine import rooms, rotation
from certengine.bank.models import BankItem
from certengine.certificates.models import Certificate
from certengine.foundation.database import Base
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.keys import FieldCipher
from certengine.foundation.runtime import Runtime, use
from certengine.foundation.sealing import SealedJson, SealedText
from certengine.people import second_factor, totp
from certengine.people import service as people
from certengine.people.models import Account, AccountFactor, Person, RecoveryCode
from tests.certificates.factories import issued
from tests.factories import PASSWORD, account
from tests.sittings.factories import exam

NEW = "another secret of at least thirty-two characters"


def rotated(runtime: Runtime) -> Runtime:
    return use(Runtime(replace(runtime.settings, secret_key=NEW), runtime.clock))


def filled(runtime: Runtime) -> None:
    """A person with a certificate, an exam with candidates, a second factor, and a sealed item."""
    runtime.settings = replace(runtime.settings, seal_bank=True)
    use(runtime)
    exam(runtime)
    made = account(runtime, "boss", ["administrator"])
    with runtime.unit_of_work() as session:
        found = session.get_one(Account, made.id)
        secret, now = second_factor.new_secret(), runtime.clock.now()
        code = totp.code_at(secret, totp.step_at(now))
        second_factor.enrol(session, runtime.cipher, found, secret, code, "x", now)
    runtime.keys.ed25519("ledger")


def test_every_column_that_holds_something_encrypted_is_known_here() -> None:
    rooms.load_models()
    held = {
        (each.name, column.name)
        for each in Base.metadata.tables.values()
        for column in each.columns
        if isinstance(column.type, SealedJson | SealedText)
        or (isinstance(column.type, LargeBinary) and "sealed" in column.name)
    }
    assert held == {(each.table, each.name) for each in rotation.COLUMNS}
    indexed = {name for name, each in Base.metadata.tables.items() if "document_index" in each.columns}
    assert indexed == {"person", "exam_application", *rotation.CARRYING}


def test_all_opens_with_the_new_secret_and_people_are_found_again(runtime: Runtime) -> None:
    filled(runtime)
    with runtime.unit_of_work(read_only=True) as session:
        owner = session.scalars(select(Person)).first()
        assert owner is not None
    certificate_id = issued(runtime, document_index=owner.document_index).id
    with runtime.unit_of_work(read_only=True) as session:
        numbers = {each.id: runtime.cipher.decrypt(each.document_sealed) for each in session.scalars(select(Person))}
        texts = {each.id: each.text for each in session.scalars(select(BankItem))}
    assert numbers and texts
    assert list(rotation.rotate(runtime, NEW))
    after = rotated(runtime)
    with after.unit_of_work(read_only=True) as session:
        for person in session.scalars(select(Person)):
            assert after.cipher.decrypt(person.document_sealed) == numbers[person.id]
            expected = after.cipher.blind_index(f"{person.document_type.value}:{numbers[person.id]}")
            assert person.document_index == expected
        assert {each.id: each.text for each in session.scalars(select(BankItem))} == texts
        index = session.get_one(Person, owner.id).document_index
        assert session.get_one(Certificate, certificate_id).document_index == index != owner.document_index
        assert session.scalars(select(RecoveryCode)).all() == []
    after.keys.ed25519("ledger")


def test_a_run_that_was_cut_off_goes_on_and_a_second_changes_nothing(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(runtime)
    monkeypatch.setattr(rotation, "BATCH", 2)
    work = rotation.rotate(runtime, NEW)
    next(work)
    # Killed after the first column: the rest is under the old secret still.
    work.close()
    assert [line for line in rotation.rotate(runtime, NEW)][0] == "person.document_sealed: 0 values"
    again = list(rotation.rotate(runtime, NEW))
    assert [line for line in again if "values" in line and " 0 " not in line] == [] and again[-1] == "key files: 0"
    with runtime.unit_of_work(read_only=True) as session:
        sealed = session.scalars(select(AccountFactor.secret_sealed)).one()
    assert len(bytes.fromhex(FieldCipher(NEW).decrypt(sealed))) == second_factor.SECRET_BYTES


def test_a_value_that_neither_secret_opens_is_named(runtime: Runtime) -> None:
    filled(runtime)
    with runtime.unit_of_work() as session:
        someone = session.scalars(select(Person).order_by(Person.id)).first()
        assert someone is not None
        someone.document_sealed = b"x" * 40
    with pytest.raises(Conflict) as raised:
        list(rotation.rotate(runtime, NEW))
    assert raised.value.values == {"table": "person", "id": someone.id}


def test_a_kept_secret_is_replaced_when_all_is_done(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    data = runtime.settings.data
    (data / rotation.KEPT).write_text(runtime.settings.secret_key)
    monkeypatch.delenv("CERTENGINE_SECRET_KEY", raising=False)
    done = CliRunner().invoke(rotation.command, ["rotate", "--yes"])
    assert done.exit_code == 0, done.output
    secret = (data / rotation.KEPT).read_text()
    assert secret != runtime.settings.secret_key and secret not in done.output
    assert (data / rotation.KEPT).stat().st_mode & 0o077 == 0
    assert not (data / rotation.COMING).exists() and not (data / rotation.MARKER).exists()


def test_a_secret_that_will_not_do_is_refused(tmp_path: Path) -> None:
    for given in ("short", "x" * 40):
        with pytest.raises(Invalid):
            rotation.coming_secret(tmp_path, "x" * 40, given)
    rotation.coming_secret(tmp_path, "present", NEW)
    with pytest.raises(Conflict):
        rotation.coming_secret(tmp_path, "present", NEW + "!")


def test_people_who_were_erased_stay_apart(runtime: Runtime) -> None:
    exam(runtime)
    with runtime.unit_of_work() as session:
        for number, someone in enumerate(session.scalars(select(Person))):
            someone.document_sealed, someone.document_index = runtime.cipher.encrypt(""), f"erased {number}"
    list(rotation.rotate(runtime, NEW))
    with runtime.unit_of_work(read_only=True) as session:
        kept = session.scalars(select(Person.document_index).order_by(Person.document_index)).all()
    assert kept == ["erased 0", "erased 1"]


def test_passwords_open_with_the_new_secret(runtime: Runtime) -> None:
    filled(runtime)
    assert list(rotation.rotate(runtime, NEW))
    with rotated(runtime).unit_of_work(read_only=True) as session:
        boss = session.scalars(select(Account).where(Account.login == "boss")).one()
        assert people.check_password(boss, PASSWORD)
