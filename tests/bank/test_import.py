import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank import service
from certengine.bank.cli import command
from certengine.bank.formats.gift_writing import write_gift
from certengine.bank.formats.yaml import write_yaml
from certengine.bank.models import BankItem, ItemStatus, ItemVersion
from certengine.bank.rules import Item
from certengine.foundation.errors import Invalid
from certengine.foundation.runtime import Runtime
from tests.bank.factories import AUTHOR, FIELD, REVIEWER, empty_bank, single
from tests.factories import organisation


def bring(session: Session, runtime: Runtime, *items: Item, keep_good: bool = False) -> service.ImportOutcome:
    bank = empty_bank(session, runtime)
    data = write_yaml(FIELD, "junior", "1", items).content
    return service.import_bank(
        session,
        bank_id=bank.id,
        filename="bank.yaml",
        data=data,
        keep_good=keep_good,
        actor=AUTHOR,
        now=runtime.clock.now(),
    )


def test_the_same_question_never_overwrites_a_live_item(session: Session, runtime: Runtime) -> None:
    first = bring(session, runtime, single("ai-j-901"))
    assert first.import_id
    service.approve_import(session, first.import_id, REVIEWER, runtime.clock.now())
    again = bring(session, runtime, single("ai-j-902", key="c"))
    [row] = again.plan.rows
    assert row.action is service.Action.DUPLICATE and row.notes[0].code == "bank.question_known"
    assert [item.code for item in session.scalars(select(BankItem))] == ["ai-j-901"]


def test_a_known_number_with_another_content_is_a_proposal_and_the_live_version_stays(
    session: Session, runtime: Runtime
) -> None:
    first = bring(session, runtime, single())
    assert first.import_id
    service.approve_import(session, first.import_id, REVIEWER, runtime.clock.now())
    again = bring(session, runtime, single(key="c"))
    assert again.plan.rows[0].action is service.Action.PROPOSE
    item = session.scalars(select(BankItem)).one()
    assert item.status is ItemStatus.LIVE and item.latest == 2
    live = session.get(ItemVersion, item.live_version_id)
    assert live is not None and live.content["key"] == "b"


def test_a_faulty_row_refuses_the_file_or_is_left_out_as_chosen(session: Session, runtime: Runtime) -> None:
    faulty = single("ai-j-903", stem="另一道题", key="z")
    with pytest.raises(Invalid):
        bring(session, runtime, single(), faulty)
    assert session.scalars(select(BankItem)).all() == []
    outcome = bring(session, runtime, single(), faulty, keep_good=True)
    assert [row.action for row in outcome.plan.rows] == [service.Action.ADD, service.Action.REFUSE]
    assert [item.code for item in session.scalars(select(BankItem))] == ["ai-j-901"]


def test_an_imported_item_says_where_it_came_from(session: Session, runtime: Runtime) -> None:
    bring(session, runtime, single())
    version = session.scalars(select(ItemVersion)).one()
    assert version.origin == "bank.yaml:6" and version.import_id is not None


def test_an_item_without_a_leaf_waits_until_it_has_one(session: Session, runtime: Runtime) -> None:
    bank = empty_bank(session, runtime)
    now = runtime.clock.now()
    outcome = service.import_bank(
        session, bank_id=bank.id, filename="q.gift", data="2+2 等于 4 {T}".encode(), actor=AUTHOR, now=now
    )
    assert outcome.import_id
    assert service.approve_import(session, outcome.import_id, REVIEWER, now) == (0, 1)
    [version] = session.scalars(select(ItemVersion))
    with pytest.raises(Invalid):
        service.approve(session, version.id, REVIEWER, now)


@pytest.fixture
def gift_file(tmp_path: Path) -> Path:
    path = tmp_path / "题.gift"
    path.write_bytes(write_gift([single()]).content)
    return path


BANK = ["--field", FIELD, "--level", "junior"]


def test_the_command_brings_a_file_in_and_a_dry_run_does_not(runtime: Runtime, gift_file: Path) -> None:
    with runtime.unit_of_work() as session:
        organisation(session, runtime)
    dry = CliRunner().invoke(command, ["import", str(gift_file), *BANK, "--dry-run"])
    assert dry.exit_code == 0 and "新增 1" in dry.output
    with runtime.unit_of_work(read_only=True) as session:
        assert session.scalars(select(BankItem)).all() == []
    done = CliRunner().invoke(command, ["import", str(gift_file), *BANK])
    assert done.exit_code == 0, done.output
    with runtime.unit_of_work(read_only=True) as session:
        assert session.scalars(select(BankItem)).one().code == "ai-j-901"
    again = CliRunner().invoke(command, ["import", str(gift_file), *BANK])
    assert again.exit_code == 0 and "未变 1" in again.output


def test_the_command_names_what_it_refuses(runtime: Runtime, tmp_path: Path) -> None:
    path = tmp_path / "bad.gift"
    path.write_text("好题 {T}\n\n坏题 {~甲 ~乙}\n")
    refused = CliRunner().invoke(command, ["import", str(path), *BANK])
    assert refused.exit_code == 1 and f"{path}:3:5: 没有正确答案" in refused.output
    kept = CliRunner().invoke(command, ["import", str(path), *BANK, "--keep-good"])
    assert kept.exit_code == 1 and "新增 1" in kept.output and "拒绝 1" in kept.output


def test_a_format_that_is_not_there_is_said_in_one_sentence(gift_file: Path) -> None:
    answer = CliRunner().invoke(command, ["import", str(gift_file), *BANK, "--format", "word"])
    assert answer.exit_code == 2 and "moodle-xml" in answer.output


@pytest.mark.parametrize("format", ["yaml", "xlsx", "gift", "moodle-xml", "qti"])
def test_an_exported_bank_is_imported_again(runtime: Runtime, tmp_path: Path, format: str) -> None:
    out = tmp_path / "out"
    written = CliRunner().invoke(command, ["export", str(out), *BANK, "--format", format])
    assert written.exit_code == 0, written.output
    back = CliRunner().invoke(command, ["import", str(out), *BANK, "--format", format])
    assert back.exit_code == 0, back.output


def test_the_summary_counts_every_bank_file() -> None:
    found = json.loads(CliRunner().invoke(command, ["summary", "--json"]).output)
    junior = next(b for b in found["banks"] if (b["field"], b["level"]) == (FIELD, "junior"))
    assert junior["items"] == sum(leaf["items"] for leaf in junior["outline"]) >= 120
    assert FIELD in CliRunner().invoke(command, ["summary"]).output
