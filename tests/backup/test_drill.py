"""The drill: an exam in progress is backed up, restored elsewhere and found whole, on both databases."""

import threading
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text

from certengine.backup import archive, keys, making, restoring
from certengine.backup.archive import Damaged
from certengine.backup.checking import Found
from certengine.backup.keys import ENVIRONMENT
from certengine.backup.restoring import Refused, Unsound
from certengine.certificates import service as certificates
from certengine.certificates.models import Certificate
from certengine.delivery.journal import Arrived, Journal
from certengine.foundation import migrate
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.jobs import submit
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.ledger.models import LedgerEntry
from certengine.people.models import Person
from certengine.sittings.models import EligibilityProof
from certengine.sittings.proof_rules import ProofKind
from tests.backup.conftest import Installation, Target
from tests.delivery.test_service import first_item, kept, send

PASSPHRASE = "a long passphrase of the safe"


def faults(path: Path, target: Target, **parts: object) -> list[str]:
    """Restores, and what the check said was wrong."""
    said: list[Found] = []
    with suppress(Unsound):
        restoring.restore(path, target.folder, database_url=target.database_url, say=said.append, **parts)  # type: ignore[arg-type]
    return [found.text for found in said if found.is_fault]


def rows(runtime: Runtime, table: str) -> int:
    with runtime.unit_of_work(read_only=True) as session:
        return int(session.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one())


def is_untouched(target: Target) -> bool:
    """Whether there is no folder, and no row in the database."""
    if target.folder.exists() or list(target.folder.parent.glob(".*")):
        return False
    return target.database_url is None or rows(target.runtime(), "ledger_entry") == 0


@pytest.mark.parametrize("kind", [".tar.zst", ".tar.gz"])
def test_an_exam_in_progress_survives_with_every_answer_acknowledged_before(
    runtime: Runtime, installation: Installation, out: Path, target: Target, kind: str
) -> None:
    item = first_item(runtime, installation.exam)
    journal, stop, acknowledged = Journal(runtime), threading.Event(), [0]

    def keep_answering() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            journal.save(Arrived(installation.attempts[0].id, 1, [(item, number, {"a": "A", "f": False})]))
            acknowledged[0] = number

    send(runtime, installation.attempts[1], (item, 1, "C"))
    thread = threading.Thread(target=keep_answering)
    thread.start()
    try:
        while acknowledged[0] < 20:
            stop.wait(0.01)
        before = acknowledged[0]
        manifest = making.make(runtime, out / f"backup{kind}")
        after = acknowledged[0]
    finally:
        stop.set()
        thread.join()
    assert faults(out / f"backup{kind}", target) == []
    restored = target.runtime()
    assert before + 1 <= rows(restored, "answer_entry") <= after + 2
    assert kept(restored, installation.attempts[1]) == kept(runtime, installation.attempts[1])
    for table in ("person", "certificate", "ledger_entry", "paper", "attempt", "bank_item"):
        assert rows(restored, table) == rows(runtime, table) == manifest.tables[table], table
    assert restored.files.get(installation.photo) == b"a portrait"
    assert migrate.is_current(restored)


def test_the_restored_exam_goes_on_and_its_ledger_grows_under_the_same_key(
    runtime: Runtime, installation: Installation, out: Path, target: Target
) -> None:
    making.make(runtime, out / "backup.tar.zst")
    held = keys.of_installation(runtime.settings.secret_key, runtime.settings.data)
    assert faults(out / "backup.tar.zst", target, held=held) == []
    restored = target.runtime()
    item = first_item(restored, installation.exam)
    assert send(restored, installation.attempts[0], (item, 7, "B"))
    assert ledger.sequence(restored) > 0, "what was pending at the moment of the backup is numbered now"
    with restored.unit_of_work(read_only=True) as session:
        assert str(ledger.verifier(session, restored)) == str(ledger.verifier(session, runtime))
        row = session.scalars(select(Certificate)).first()
        assert row is not None
        view = certificates.by_code(session, restored, row.code)
    assert view is not None and not view.damaged


def test_keys_are_not_in_the_archive_but_in_a_file_that_opens_with_its_passphrase_alone(
    runtime: Runtime, installation: Installation, out: Path, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, PASSPHRASE)
    path, key_file = out / "backup.tar.gz", out / "keys.json"
    (runtime.settings.data / "secret_key").write_text("a secret of the tests")
    made = CliRunner().invoke(making.command, [str(path), "--keys", str(key_file)])
    assert made.exit_code == 0, made.output
    manifest = archive.extract(path, out / "looked-at")
    assert not [name for name in manifest.parts if "pem" in name or "secret" in name or "queue" in name]
    assert b"PRIVATE" not in key_file.read_bytes() and key_file.stat().st_mode & 0o077 == 0
    with pytest.raises(Damaged, match="passphrase"):
        keys.unseal(key_file.read_bytes(), "another long passphrase")
    arguments = [str(path), "--to", str(target.folder), "--keys", str(key_file)]
    if target.database_url:
        arguments += ["--database", target.database_url]
    done = CliRunner().invoke(restoring.command, arguments, env={"CERTENGINE_DATABASE_URL": ""})
    assert done.exit_code == 0, done.output
    assert "they open the encrypted fields and signed the ledger" in done.output
    assert (target.folder / "keys" / "ledger.pem").stat().st_mode & 0o077 == 0
    assert (target.folder / "secret_key").read_text() == "a secret of the tests"


def test_keys_of_another_installation_are_told(
    runtime: Runtime, installation: Installation, out: Path, target: Target
) -> None:
    making.make(runtime, out / "backup.tar.gz")
    found = faults(out / "backup.tar.gz", target, held=keys.Keys("another secret", {}))
    assert found == [
        "keys: the secret does not open the encrypted fields",
        "keys: the ledger's key is missing or another one",
    ]
    assert is_untouched(target)


@pytest.mark.parametrize("kind", [".tar.zst", ".tar.gz"])
def test_a_damaged_archive_is_refused_before_anything_is_written(
    runtime: Runtime, installation: Installation, out: Path, target: Target, kind: str
) -> None:
    path = out / f"backup{kind}"
    making.make(runtime, path)
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    arguments = [str(path), "--to", str(target.folder)]
    for content in (bytes(changed), whole[:-1], whole[: len(whole) // 2], b"", b"no archive at all"):
        path.write_bytes(content)
        done = CliRunner().invoke(restoring.command, arguments)
        assert done.exit_code == 2 and "Nothing was written" in done.output
        assert is_untouched(target)


def test_a_ledger_that_was_tampered_with_is_told_and_nothing_is_kept(
    runtime: Runtime, installation: Installation, out: Path, target: Target
) -> None:
    with runtime.unit_of_work() as session:
        entry = session.scalars(select(LedgerEntry).where(LedgerEntry.index == 3)).one()
        entry.private = {**entry.private, "forged": True}
    making.make(runtime, out / "backup.tar.gz")
    found = faults(out / "backup.tar.gz", target)
    assert len(found) == 1 and found[0].startswith("ledger: entry 3:")
    assert is_untouched(target)


def test_a_certificate_and_a_photograph_that_were_lost_before_are_told(
    runtime: Runtime, installation: Installation, out: Path, target: Target
) -> None:
    with runtime.unit_of_work() as session:
        pdf = session.scalars(select(Certificate.pdf)).first() or ""
        person = session.scalars(select(Person.id).where(Person.photo.is_not(None))).one()
    runtime.files.path(pdf).write_bytes(b"%PDF-1.7 something else")
    runtime.files.path(installation.photo).unlink()
    with runtime.unit_of_work() as session:
        submit(session, "bank.preview", "bank:1", {"sha256": "0" * 64}, runtime.clock.now())
        session.add(
            EligibilityProof(
                kind=ProofKind.DEGREE,
                name="学历.pdf",
                digest="2" * 64,
                media_type="application/pdf",
                size=1,
                added_at=runtime.clock.now(),
                added_by="x",
            )
        )
        act, now = {"kind": "candidates.imported", "actor": "x", "subject": "exam_plan:1"}, runtime.clock.now()
        ledger.record_many(session, [{**act, "now": now, "private": {"file": "1" * 64}}])
    making.make(runtime, out / "backup.tar.gz")
    arguments = [str(out / "backup.tar.gz"), "--to", str(target.folder)]
    if target.database_url:
        arguments += ["--database", target.database_url]
    done = CliRunner().invoke(restoring.command, arguments)
    assert done.exit_code == 1 and f"the photo of person {person} is missing" in done.output
    assert "BAD  certificate " in done.output and "the pdf of certificate" in done.output
    assert "BAD  the file of eligibility_proof" in done.output
    assert "BAD  the file of job" in done.output and "brought in is missing" in done.output
    assert is_untouched(target)
    kept_anyway = CliRunner().invoke(restoring.command, [*arguments, "--despite-faults"])
    assert kept_anyway.exit_code == 1 and rows(target.runtime(), "certificate") == 3


def test_a_row_that_is_missing_is_told(runtime: Runtime, installation: Installation, out: Path, target: Target) -> None:
    manifest = making.make(runtime, out / "whole.tar.gz")
    folder = out / "taken-apart"
    archive.extract(out / "whole.tar.gz", folder)
    forged = archive.Manifest(**{**vars(manifest), "tables": {**manifest.tables, "person": 5}})
    with archive.writing(out / "forged.tar.gz") as writer:
        for name in manifest.parts:
            writer.add(name, folder / name)
        writer.finish(forged)
    assert faults(out / "forged.tar.gz", target) == ["table person: 2 rows, the manifest says 5"]
    assert is_untouched(target)


def test_a_place_that_is_not_empty_is_refused(
    runtime: Runtime, installation: Installation, out: Path, target: Target
) -> None:
    path = out / "backup.tar.gz"
    making.make(runtime, path)
    with pytest.raises(Conflict):
        making.make(runtime, path)
    target.folder.mkdir()
    (target.folder / "something").touch()
    with pytest.raises(Refused, match="not empty"):
        faults(path, target)
    (target.folder / "something").unlink()
    if target.database_url:
        with pytest.raises(Refused, match="not empty: table"):
            restoring.restore(path, target.folder, database_url=runtime.settings.database_url)
        assert list(target.folder.iterdir()) == []
    assert faults(path, target) == []


def test_another_revision_or_no_schema_is_refused(
    runtime: Runtime, installation: Installation, out: Path, target: Target
) -> None:
    path = out / "backup.tar.gz"
    making.make(runtime, path)
    if target.database_url is None:
        return
    with pytest.raises(Refused, match="--database"):
        restoring.restore(path, target.folder)
    with target.runtime().unit_of_work() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(Refused, match="at revision 0001"):
        faults(path, target)
    assert is_untouched(target)


def test_where_the_commit_fails_the_folder_goes_too(
    runtime: Runtime, installation: Installation, out: Path, target: Target
) -> None:
    path = out / "backup.tar.gz"
    making.make(runtime, path)
    if target.database_url is None:
        return
    with pytest.raises(ValueError), restoring._taken_back(target.folder):
        (target.folder).mkdir()
        (target.folder / making.UNFINISHED).touch()
        raise ValueError
    assert not target.folder.exists()


def test_a_database_without_a_schema_is_not_backed_up(runtime: Runtime, out: Path) -> None:
    migrate.downgrade(runtime, "base")
    with runtime.unit_of_work() as session:
        session.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(Conflict, match="no_schema"):
        making.make(runtime, out / "backup.tar.gz")
    assert list(out.iterdir()) == []


def test_names_and_passphrases_that_will_not_do_are_refused(
    runtime: Runtime, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = CliRunner().invoke(making.command, [str(out / "backup.zip")])
    assert isinstance(named.exception, Invalid)
    monkeypatch.setenv(ENVIRONMENT, "short")
    short = CliRunner().invoke(making.command, [str(out / "backup.tar.gz"), "--keys", str(out / "keys")])
    assert isinstance(short.exception, Invalid)
    assert list(out.iterdir()) == []


def test_an_empty_installation_is_backed_up_and_restored_too(runtime: Runtime, out: Path, target: Target) -> None:
    making.make(runtime, out / "backup.tar.zst")
    assert faults(out / "backup.tar.zst", target) == []
    with target.runtime().unit_of_work(read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 0
