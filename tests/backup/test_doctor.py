import json
import os
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from certengine.backup import making
from certengine.doctor import findings
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from tests.backup.conftest import Installation
from tests.factories import account


def line(runtime: Runtime, topic: str) -> tuple[bool, str]:
    """What doctor says of a topic."""
    fresh = Runtime(runtime.settings, runtime.clock)
    found = [each for each in findings(fresh) if each[1].startswith(f"{topic}:")]
    fresh.engine.dispose()
    assert len(found) == 1, found
    return found[0]


def test_it_tells_of_backups_that_were_never_made_or_are_old(
    runtime: Runtime, installation: Installation, out: Path, clock: SetClock
) -> None:
    assert line(runtime, "backup")[0] is False
    making.make(runtime, out / "backup.tar.gz")
    assert line(runtime, "backup") == (True, "backup: the last was made at 2026-11-25 06:00 UTC")
    clock.at += timedelta(days=3)
    assert line(runtime, "backup")[0] is False
    assert json.loads((runtime.settings.data / making.LAST).read_text())["name"] == "backup.tar.gz"


def test_it_tells_of_keys_that_are_missing_or_do_not_belong_here(runtime: Runtime, installation: Installation) -> None:
    assert line(runtime, "keys") == (True, "keys: the ledger's key signed its checkpoint")
    wrong = Runtime(replace(runtime.settings, secret_key="another"), runtime.clock)
    assert "CERTENGINE_SECRET_KEY" in line(wrong, "keys")[1]
    shutil.move(runtime.settings.data / "keys", runtime.settings.data / "elsewhere")
    assert line(runtime, "keys")[0] is False
    assert not (runtime.settings.data / "keys").exists(), "looking makes no key"
    runtime = Runtime(runtime.settings, runtime.clock)
    runtime.keys.ed25519("ledger")
    assert "another ledger" in line(runtime, "keys")[1]


def test_it_tells_of_a_restore_that_was_cut_off(runtime: Runtime) -> None:
    (runtime.settings.data / making.UNFINISHED).touch()
    assert line(runtime, "restore")[0] is False


def test_it_counts_who_needs_a_second_factor(runtime: Runtime) -> None:
    account(runtime, "boss", ["administrator"])
    account(runtime, "proctor", ["proctor"])
    assert "left to each account" in line(runtime, "second factor")[1]
    runtime.settings = replace(runtime.settings, second_factor_required=True)
    assert line(runtime, "second factor")[1].startswith("second factor: required of 1 accounts, 1 of them")


def test_it_asks_for_a_contact_that_security_txt_may_hold(runtime: Runtime) -> None:
    assert line(runtime, "security.txt")[0] is False
    runtime.settings = replace(runtime.settings, security_contact="security@example.org")
    assert "neither" in line(runtime, "security.txt")[1]
    runtime.settings = replace(runtime.settings, security_contact="mailto:security@example.org")
    assert line(runtime, "security.txt") == (True, "security.txt: mailto:security@example.org")


def test_network_logs_are_looked_at_where_their_folder_is_named(runtime: Runtime, tmp_path: Path) -> None:
    folder, now = tmp_path / "nginx", runtime.clock.now()
    folder.mkdir()
    runtime.settings = replace(runtime.settings, network_logs=folder)

    def said() -> tuple[bool, str]:
        return line(runtime, "network logs")

    def logged(days_ago: int) -> None:
        path = folder / f"access.log-{days_ago}.gz"
        path.touch()
        at = (now - timedelta(days=days_ago)).timestamp()
        os.utime(path, (at, at))

    assert said()[0] is False and "none in" in said()[1]
    logged(5)
    assert said()[0] is False and "nothing was written" in said()[1]
    for day in range(30):
        logged(day)
    assert said() == (True, "network logs: 29 days are kept; the law wants 183")
    logged(190)
    assert said()[0] is False and "only 31" in said()[1]
    for day in range(30, 190):
        logged(day)
    assert said() == (True, "network logs: 190 days are kept")
