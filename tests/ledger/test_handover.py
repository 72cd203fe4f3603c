"""The log's key is replaced: the tree goes on, who trusted the old key is led on, and a stolen key leads nobody."""

import json
from pathlib import Path

from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient

from certengine import doctor, work
from certengine.foundation.runtime import Runtime
from certengine.ledger import archive, cli, handover, notes, rekeying, service, witness
from tests.ledger.test_service import write

WITNESS = Ed25519PrivateKey.from_private_bytes(b"w" * 32)


def key(client: FlaskClient) -> notes.Verifier:
    return notes.parse_verifier(client.get("/ledger/vkey").text)


def look(client: FlaskClient, log: notes.Verifier, folder: Path) -> int:
    """What a department's witness sees, with its memory."""
    fetch = lambda path: client.get(f"/ledger/{path}").data  # noqa: E731
    return witness.look(fetch, log, witness.Memory(folder), "witness", WITNESS, 1_795_000_000).size


def export(runtime: Runtime) -> list[bytes]:
    with runtime.unit_of_work(read_only=True) as session:
        return [line + b"\n" for line in service.export_lines(session, runtime, False)]


def codes(lines: list[bytes], trusted: notes.Verifier) -> list[str]:
    return [each.code for each in archive.verify(lines, str(trusted)).faults]


def test_the_old_key_names_the_one_that_follows_it(runtime: Runtime, client: FlaskClient, tmp_path: Path) -> None:
    write(runtime, 1, 300)
    service.sequence(runtime)
    old = key(client)
    assert look(client, old, tmp_path) == 300
    with runtime.unit_of_work(read_only=True) as session:
        kept = json.dumps(service.by_index(session, 7).as_json())
    done = CliRunner().invoke(cli.command, ["rekey"])
    new = key(client)
    assert done.exit_code == 0 and done.output.strip() == str(new) != str(old) and new.name == old.name
    # The checkpoint of that moment bears both signatures, the next one the new key's alone.
    assert [look(client, each, tmp_path) for each in (old, new)] == [301, 301]
    write(runtime, 2, 5)
    service.sequence(runtime)
    assert look(client, new, tmp_path) == 306
    lines, stranger = export(runtime), notes.verifier_of(old.name, WITNESS)
    assert codes(lines, old) == codes(lines, new) == []
    assert codes(lines, stranger) == ["ledger.export_other_key"]
    assert "回执成立" in client.post("/ledger/receipt", data={"receipt": kept}).text
    # And once more.
    third = rekeying.replace_key(runtime, "x", stolen=False)
    assert codes(export(runtime), old) == [] and key(client) == third != new
    assert (True, "keys: the ledger's key signed its checkpoint") in list(doctor.findings(runtime))


def test_a_stolen_key_leads_nobody_and_the_witness_knows_the_tree(
    runtime: Runtime, client: FlaskClient, tmp_path: Path
) -> None:
    write(runtime, 1, 3)
    service.sequence(runtime)
    old = key(client)
    look(client, old, tmp_path)
    new = rekeying.replace_key(runtime, "x", stolen=True)
    lines = export(runtime)
    assert codes(lines, old) == ["ledger.export_other_key"] and codes(lines, new) == []
    # The witness is told the new key; its memory says that no past was rewritten.
    assert look(client, new, tmp_path) == 4
    # The thief's own entry, or one without the old key's signature, leads nobody either.
    thief = notes.verifier_of(old.name, WITNESS)
    forged = handover.said(old, WITNESS, thief, False)
    assert handover.follows(forged, old) is None
    with runtime.unit_of_work(read_only=True) as session:
        assert handover.former(session, stolen=False) == [] and handover.former(session, stolen=True) == [old]


def test_a_service_that_starts_makes_no_key_anew_that_was_put_aside(runtime: Runtime) -> None:
    write(runtime, 1, 3)
    service.sequence(runtime)
    rekeying.replace_key(runtime, "account:operator", stolen=True)
    aside = runtime.settings.data / "keys" / "ledger.pem"
    aside.unlink()
    work.ready()
    assert not aside.exists()
