"""A sitting whose papers hold two short answers and a case with a written part, answered and over."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.releases import ReleaseView
from certengine.bank.rules import AnswerPoint, Item, ItemType
from certengine.delivery import service as delivery
from certengine.delivery.journal import Arrived, Journal
from certengine.foundation.clock import SetClock
from certengine.foundation.ids import new_id
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.marking import answer_entry, answer_markers, answers
from certengine.marking.answer_entry import Entry
from certengine.marking.answer_models import AnswerQuestion, WrittenAnswer
from certengine.papers import commitments
from certengine.papers import service as papers
from certengine.papers.making import make_rules
from certengine.papers.models import PaperDraw
from certengine.papers.values import SectionRule
from certengine.people.models import Account
from certengine.sittings import service as sittings
from certengine.sittings.service import RoomFacts, SittingFacts
from certengine.standards.rules import Part
from tests.bank.factories import AUTHOR, FIELD, REVIEWER, empty_bank, single
from tests.delivery.test_service import begun
from tests.factories import account
from tests.sittings.factories import OFFICER, Exam, facts, plan

SHORT = "ai-j-911"
CASE = "ai-j-920"
Answers = dict[str, Any]
WHOLE: Answers = {SHORT: "先看日志，再看电源。", CASE: {"1": "b", "2": "先断电，再报修。"}}


def short_answer(code: str = SHORT, first: str = "2") -> Item:
    return Item(
        id=code,
        type=ItemType.SHORT_ANSWER,
        outline="0.2.2",
        stem=f"设备 {code} 反复重启，请写出排查的两步。",
        points_of_answer=(AnswerPoint("查看日志", Decimal(first)), AnswerPoint("检查电源", Decimal(3))),
        model_answer="先查看日志，再检查电源。",
    )


def case() -> Item:
    """One point for the choice, three for the written part: of 8 points in the paper 2 and 6."""
    choice = single("1", "机柜冒烟时，下列哪种做法最先采取")
    text = Item(
        id="2",
        type=ItemType.SHORT_ANSWER,
        outline="",
        stem="请写出随后的步骤。",
        points_of_answer=(AnswerPoint("断电", Decimal(1)), AnswerPoint("报修", Decimal(2))),
        share=Decimal(3),
    )
    parts = (Item(**{**vars(choice), "outline": ""}), text)
    return Item(id=CASE, type=ItemType.CASE, outline="0.2.2", stem="某机房的机柜突然冒烟。", parts=parts)


def approve(session: Session, runtime: Runtime, bank_id: UUID, item: Item) -> None:
    now = runtime.clock.now()
    version = bank.propose(session, bank_id=bank_id, entry=item, actor=AUTHOR, now=now)
    bank.approve(session, version.id, REVIEWER, now)


def written_release(session: Session, runtime: Runtime) -> ReleaseView:
    owner = empty_bank(session, runtime)
    for item in (short_answer(), case(), single()):
        approve(session, runtime, owner.id, item)
    made = bank.release(session, bank_id=owner.id, actor=REVIEWER, now=runtime.clock.now())
    return bank.released_items(session, made.id)


def _committed(session: Session, runtime: Runtime, release: ReleaseView, key: str, ends_in: timedelta) -> UUID:
    """A draw with written items in it: no standard's layout has them yet."""
    now = runtime.clock.now()
    sections = [
        SectionRule("single", 1, Decimal(1)),
        SectionRule("short_answer", 1, Decimal(10)),
        SectionRule("case", 1, Decimal(8)),
    ]
    rules = make_rules(
        release.items,
        release=release.digest,
        field=FIELD,
        level="junior",
        direction=None,
        sections=sections,
        weights={"0": Decimal(100)},
    )
    seed, draw_id = secrets.token_bytes(32), new_id()
    public = commitments.seed_entry(str(draw_id), key, rules, seed)
    entry = ledger.record(session, kind=commitments.SEED_COMMITTED, actor=OFFICER, subject=key, now=now, public=public)
    owner = bank.bank(session, release.bank_id).organisation_id
    session.add(
        PaperDraw(
            id=draw_id,
            organisation_id=owner,
            sitting=key,
            title=key,
            ends_at=now + ends_in,
            release_id=release.id,
            release_digest=release.digest,
            rules=rules.as_json(),
            rules_hash=rules.hash,
            seed_sealed=runtime.cipher.encrypt(seed.hex()),
            seed_hash=commitments.seed_commitment(seed),
            committed_at=now,
            committed_entry=entry,
        )
    )
    session.flush()
    return draw_id


def written_exam(runtime: Runtime, candidates: int) -> Exam:
    now, starts_in, minutes = runtime.clock.now(), timedelta(hours=2), 60
    with runtime.unit_of_work() as session:
        release = written_release(session, runtime)
        made = plan(session, runtime)
        rows = [sittings.register(session, runtime.cipher, made, facts(n), OFFICER, now)[0] for n in range(candidates)]
        sitting = sittings.add_sitting(session, made, SittingFacts(Part.THEORY, now + starts_in, minutes), OFFICER, now)
        room = sittings.add_room(session, sitting.id, RoomFacts("第一考场", "", 5, 6))
        sittings.seat_candidates(session, sitting.id, OFFICER, now)
        sittings.set_release(session, sittings.sitting(session, sitting.id), release.id, drawn=True)
        key = delivery.sitting_key(sitting.id)
        draw = _committed(session, runtime, release, key, starts_in + timedelta(minutes=minutes))
        names = [delivery.registration_key(row.id) for row in rows]
        papers.draw_papers(session, draw, names, OFFICER, now, runtime.cipher)
        ids, tickets = tuple(row.id for row in rows), tuple(row.ticket_number for row in rows)
        return Exam(made.id, sitting.id, sitting.id, room.id, ids, tickets, ())


def hand_in(runtime: Runtime, clock: SetClock, made: Exam, number: int, given: Answers) -> None:
    attempt = begun(runtime, clock, made, number)
    rows = [(item, sequence, {"a": answer, "f": False}) for sequence, (item, answer) in enumerate(given.items(), 1)]
    if rows:
        assert Journal(runtime).save(Arrived(attempt.id, 1, rows)).problem is None
    with runtime.unit_of_work() as session:
        key = delivery.registration_key(made.registrations[number])
        delivery.submit(session, attempt.id, key, clock.now())


def sat(runtime: Runtime, clock: SetClock, scripts: Sequence[Answers]) -> Exam:
    """The sitting is over and its answers are laid out."""
    made = written_exam(runtime, len(scripts))
    for number, given in enumerate(scripts):
        hand_in(runtime, clock, made, number, given)
    clock.advance(hours=2)
    with runtime.unit_of_work() as session:
        answers.open_marking(session, made.theory_id, OFFICER, clock.now())
    return made


@dataclass(frozen=True)
class Marking:
    """Acts on one question of a sitting, each in a transaction of its own."""

    runtime: Runtime
    question_id: UUID

    def assign(self, who: Account, third: bool = False, quota: int = 1000) -> None:
        with self.runtime.unit_of_work() as session:
            answer_markers.assign(
                session, self.question_id, who, third=third, quota=quota, actor=OFFICER, now=self.runtime.clock.now()
            )

    def next(self, who: Account, skip: str = "") -> str | None:
        with self.runtime.unit_of_work(read_only=True) as session:
            return answer_entry.next_code(session, who.id, self.question_id, skip)

    def opened(self, who: Account, code: str) -> answer_entry.Opened:
        with self.runtime.unit_of_work(read_only=True) as session:
            return answer_entry.opened(session, who.id, self.question_id, code)

    def enter(
        self, who: Account, code: str, *points: str, version: int | None = None, number: int | None = None
    ) -> bool:
        """As the answer stands now, or as a form has it that was opened at that version."""
        seen = None if version is not None and number is not None else self.opened(who, code)
        entry = Entry(
            [Decimal(each) for each in points],
            "",
            version if version is not None else seen.version if seen else 0,
            number if number is not None else seen.number if seen else 0,
        )
        with self.runtime.unit_of_work() as session:
            return answer_entry.enter(session, who.id, self.question_id, code, entry, self.runtime.clock.now())

    def answer(self, code: str) -> WrittenAnswer:
        with self.runtime.unit_of_work(read_only=True) as session:
            query = select(WrittenAnswer).where(WrittenAnswer.question_id == self.question_id)
            return session.scalars(query.where(WrittenAnswer.code == code)).one()


def marking(runtime: Runtime, made: Exam, item: str = SHORT, part: str = "") -> Marking:
    with runtime.unit_of_work(read_only=True) as session:
        query = select(AnswerQuestion.id).where(AnswerQuestion.sitting_id == made.theory_id)
        return Marking(
            runtime, session.scalars(query.where(AnswerQuestion.item == item, AnswerQuestion.part == part)).one()
        )


def examiner(runtime: Runtime, login: str) -> Account:
    return account(runtime, login, ["examiner"], name=f"考评员{login}")
