"""Finding items on both databases, by long words and short ones, with contents in the clear and encrypted."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from certengine.bank import service
from certengine.bank.models import Bank, BankItem, ItemStatus
from certengine.bank.resealing import reseal
from certengine.bank.rules import Cognition
from certengine.bank.searching import Filters
from certengine.foundation.runtime import Runtime
from tests.bank.factories import AUTHOR, REVIEWER, empty_bank, single

STEMS = {
    "ai-j-001": "一台 MRI 设备导出的影像按 DICOM 存放",
    "ai-j-002": "支持向量机的核函数把样本映射到高维空间",
    "ai-j-003": "召回率 100% 时，漏检率是多少",
    "ai-j-004": "变量 x_1 与 x_2 相互独立",
}


def found(session: Session, bank: Bank, **narrowed: str) -> set[str]:
    query = service.items_query(session, bank.id, Filters(**narrowed))
    return {row.code for row in session.scalars(query)}


@pytest.fixture
def bank(session: Session, runtime: Runtime) -> Bank:
    made = empty_bank(session, runtime)
    for code, stem in STEMS.items():
        entry = replace(single(code, stem), outline="0.2.2" if code < "ai-j-003" else "1.1.1")
        service.propose(session, bank_id=made.id, entry=entry, actor=AUTHOR, now=runtime.clock.now())
    return made


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("DICOM", {"ai-j-001"}),
        ("dicom", {"ai-j-001"}),
        ("支持向量机", {"ai-j-002"}),
        ("核函数 映射", {"ai-j-002"}),
        ("高维", {"ai-j-002"}),
        ("率", {"ai-j-003"}),
        ("100%", {"ai-j-003"}),
        ("%", {"ai-j-003"}),
        ("x_1", {"ai-j-004"}),
        ("x?1", set()),
        ('" OR "', set()),
        ("ai-j-00", set(STEMS)),
        ("DICOM 支持向量机", set()),
    ],
)
def test_words_are_found_wherever_they_stand(session: Session, bank: Bank, words: str, codes: set[str]) -> None:
    assert found(session, bank, words=words) == codes


def test_a_changed_text_is_found_by_its_new_words_alone(session: Session, runtime: Runtime, bank: Bank) -> None:
    entry = single("ai-j-001", "一台超声设备导出的影像如何脱敏")
    service.propose(session, bank_id=bank.id, entry=entry, actor=AUTHOR, now=runtime.clock.now())
    assert found(session, bank, words="DICOM") == set()
    assert found(session, bank, words="如何脱敏") == {"ai-j-001"}


def test_filters_narrow_together(session: Session, runtime: Runtime, bank: Bank) -> None:
    now = runtime.clock.now()
    hard = replace(single("ai-j-005", "自编码器的瓶颈层有何作用"), difficulty=1.2, cognition=Cognition.APPLIES)
    version = service.propose(session, bank_id=bank.id, entry=hard, actor="account:other", now=now)
    service.approve(session, version.id, REVIEWER, now)
    assert found(session, bank, outline="0.2") == {"ai-j-001", "ai-j-002", "ai-j-005"}
    assert found(session, bank, difficulty="hard") == found(session, bank, cognition="applies") == {"ai-j-005"}
    assert found(session, bank, author="account:other") == {"ai-j-005"}
    assert found(session, bank, status="live", outline="0.2") == {"ai-j-005"}
    assert found(session, bank, status="proposed") == set(STEMS)
    assert found(session, bank, use="used") == set() and len(found(session, bank, use="unused")) == 5
    assert found(session, bank, status=ItemStatus.RETIRED.value) == set()


def test_with_contents_encrypted_nothing_of_them_is_in_the_tables_and_words_are_still_found(
    session: Session, runtime: Runtime
) -> None:
    object.__setattr__(runtime.settings, "seal_bank", True)
    bank = empty_bank(session, runtime)
    for code, stem in STEMS.items():
        service.propose(session, bank_id=bank.id, entry=single(code, stem), actor=AUTHOR, now=runtime.clock.now())
    assert found(session, bank, words="支持向量机") == {"ai-j-002"}
    assert found(session, bank, words="DICOM 影像") == {"ai-j-001"}
    stored = session.execute(text("SELECT text FROM bank_item")).scalars().all()
    stored += [str(row) for row in session.execute(text("SELECT content FROM bank_item_version")).scalars()]
    assert not any("支持" in row or "轮询" in row for row in stored)
    assert session.scalar(select(func.count()).select_from(BankItem)) == len(STEMS)
    session.expire_all()
    assert service.latest_entries(session, bank.id)[1].stem == STEMS["ai-j-002"]  # type: ignore[union-attr]


def test_what_was_written_in_the_clear_is_encrypted_on_request_and_back(runtime: Runtime, session: Session) -> None:
    with runtime.unit_of_work() as work:
        bank = empty_bank(work, runtime)
        for code, stem in STEMS.items():
            version = service.propose(
                work, bank_id=bank.id, entry=single(code, stem), actor=AUTHOR, now=runtime.clock.now()
            )
        service.comment(work, version.id, "请补充单位", REVIEWER, runtime.clock.now())
    count = len(STEMS) * 2 + 1
    for sealed in (True, False):
        object.__setattr__(runtime.settings, "seal_bank", sealed)
        assert reseal(runtime) == count
        stored = [str(row) for row in session.execute(text("SELECT content FROM bank_item_version")).scalars()]
        stored += session.execute(text("SELECT text FROM bank_item_comment")).scalars().all()
        assert all(("sealed" in row) is sealed for row in stored)
        assert found(session, bank, words="支持向量机") == {"ai-j-002"}
        session.rollback()
