"""Faults that users of other systems met when they brought questions in; none may be met here."""

from base64 import b64encode
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from certengine.bank import service
from certengine.bank.formats import read_file
from certengine.bank.formats.gift_writing import write_gift
from certengine.bank.formats.qti import read_qti
from certengine.bank.formats.qti_writing import OWN_FILE, write_qti
from certengine.bank.importing import Action
from certengine.bank.models import ItemStatus
from certengine.bank.rules import Item, Option
from certengine.foundation.errors import Invalid
from certengine.foundation.runtime import Runtime
from tests.bank.factories import AUTHOR, REVIEWER, empty_bank, single

QUESTION = (
    '<question type="multichoice"><name><text>一</text></name>'
    "<questiontext><text>题干</text>{file}</questiontext>"
    '<answer fraction="100"><text>甲</text></answer><answer fraction="0"><text>乙</text></answer></question>'
)


def test_twenty_megabytes_of_a_picture_that_nothing_shows_do_no_harm() -> None:
    unused = b64encode(b"\x00" * 15_000_000).decode()
    file = QUESTION.format(file=f'<file name="大图.png" encoding="base64">{unused}</file>')
    found, used = read_file("题.xml", f"<quiz>{file}{QUESTION.format(file='')}</quiz>".encode())
    assert used == "moodle-xml" and len(found.rows) == 2
    assert found.all_problems() == [] and found.pictures == {}


def without_own_spelling(package: bytes) -> bytes:
    """The package as another program would write it again: the QTI alone."""
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if name != OWN_FILE:
                new.writestr(name, old.read(name))
    return out.getvalue()


def test_no_second_question_loses_its_answers_through_qti() -> None:
    rich = (
        Option("a", "**粗体** 与 `a & b < c`"),
        Option("b", "公式 $x^2 + 1$"),
        Option("c", "| 表 | 头 |\n| --- | --- |\n| 1 | 2 |"),
        Option("d", "普通 <b>文字</b>"),
    )
    entries = [
        replace(single(f"ai-j-90{number}", f"第 {number} 题"), options=rich, key="abcd"[number % 4])
        for number in range(8)
    ]
    back = [item for _row, item in read_qti(without_own_spelling(write_qti(entries).content), "p.zip").items()]
    assert [item.key for item in back] == [item.key for item in entries]
    assert all(len({option.text for option in item.options}) == 4 for item in back)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("f.gift", "::一:: 题干 {~甲 ~乙}"),
        ("f.gift", "::一:: 题干 {~%0%甲 ~%-50%乙}"),
        ("f.xml", f"<quiz>{QUESTION.format(file='').replace('100', '0')}</quiz>"),
        ("f.xml", "<quiz><question type='truefalse'><questiontext><text>题</text></questiontext></question></quiz>"),
    ],
)
def test_a_question_without_a_right_answer_is_refused(name: str, content: str) -> None:
    try:
        found, _used = read_file(name, content.encode())
    except Invalid as error:
        assert error.problems
    else:
        assert found.all_problems() and all(row.problems for row in found.rows)


def test_a_file_in_which_nothing_is_found_is_an_error_and_no_silence(session: Session, runtime: Runtime) -> None:
    bank = empty_bank(session, runtime)
    for name, content in (("f.gift", "// 只有说明\n"), ("f.xml", "<quiz></quiz>"), ("f.yaml", "items: []\n")):
        with pytest.raises(Invalid):
            service.import_bank(
                session, bank_id=bank.id, filename=name, data=content.encode(), actor=AUTHOR, now=runtime.clock.now()
            )


def test_an_export_of_2026_is_still_read_as_it_was_meant() -> None:
    """Old exports stay readable whatever becomes of the writer: this one is kept as it was written."""
    kept = """// question: ai-j-901
::ai-j-901::[markdown]按住一个键不放时，下列哪种扫描方式最先发现它被松开 {
\t~轮询
\t=中断
\t~批处理
\t~脱机
\t####中断由硬件在变化的一刻触发。
}
"""
    [(_row, item)] = list(read_file("旧.gift", kept.encode())[0].items())
    assert isinstance(item, Item) and (item.key, item.rationale) == ("b", single().rationale)
    assert [option.text for option in item.options] == [option.text for option in single().options]
    [(_row, now)] = list(read_file("新.gift", write_gift([single()]).content)[0].items())
    assert replace(now, outline="", id="") == replace(item, outline="", id="", cognition=now.cognition)


def test_the_same_stem_never_takes_the_place_of_an_item_in_use(session: Session, runtime: Runtime) -> None:
    bank, now = empty_bank(session, runtime), runtime.clock.now()
    version = service.propose(session, bank_id=bank.id, entry=single(), actor=AUTHOR, now=now)
    service.approve(session, version.id, REVIEWER, now)
    again = write_gift([replace(single("ai-j-950"), key="c")]).content
    planned = service.preview(session, bank_id=bank.id, filename="f.gift", data=again)
    assert planned.rows[0].action in (Action.ADD, Action.DUPLICATE) and planned.rows[0].notes
    service.import_bank(session, bank_id=bank.id, filename="f.gift", data=again, actor="account:b", now=now)
    assert version.item.live_version_id == version.id and version.item.status is ItemStatus.LIVE


def test_a_trial_ties_up_no_item_and_later_edits_do_not_change_what_it_used(session: Session, runtime: Runtime) -> None:
    bank, now = empty_bank(session, runtime), runtime.clock.now()
    first = service.propose(session, bank_id=bank.id, entry=single(), actor=AUTHOR, now=now)
    service.approve(session, first.id, REVIEWER, now, pilot=True)
    trial = service.release(session, bank_id=bank.id, actor=REVIEWER, now=now, pilot=True)
    second = service.propose(session, bank_id=bank.id, entry=single(key="c"), actor=AUTHOR, now=now)
    service.approve(session, second.id, REVIEWER, now, pilot=True)
    service.go_live(session, bank.id, "ai-j-901", REVIEWER, now)
    real = service.release(session, bank_id=bank.id, actor=REVIEWER, now=now)
    assert service.released_items(session, trial.id).items[0].key == "b"
    assert service.released_items(session, real.id).items[0].key == "c"
