"""certengine demo: a small institution with an exam that is over, one that runs now, a class, a base and a seminar.

Everything is made by the use cases that the screens call, at the times at which it would have happened.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine import rooms
from certengine.bank import service as bank
from certengine.bank.rules import Item
from certengine.certificates import service as certificates
from certengine.certificates.models import Certificate, CertificateState
from certengine.delivery import service as delivery
from certengine.delivery.journal import Arrived, Journal
from certengine.foundation import migrate
from certengine.foundation.clock import SetClock
from certengine.foundation.jobs import resume_jobs
from certengine.foundation.runtime import Runtime, current, use
from certengine.ledger import service as ledger
from certengine.marking import releasing
from certengine.marking import service as marking
from certengine.marking.service import PracticalEntry
from certengine.papers import service as papers
from certengine.people import service as people
from certengine.people.models import Account, AccountRole, DocumentType, Organisation, OrganisationKind, Person
from certengine.people.permissions import Role
from certengine.people.rules import resident_id_check
from certengine.people.service import PersonFacts
from certengine.programme import service as programme
from certengine.programme.models import Tier
from certengine.sittings import service as sittings
from certengine.sittings.importing import portrait
from certengine.sittings.models import ExamPlan, Registration, Sitting
from certengine.sittings.service import CandidateFacts, PlanFacts, RoomFacts, SittingFacts
from certengine.sittings.tickets import tickets
from certengine.standards.rules import Evidence, Level, Part
from certengine.training import learning, sample_courses
from certengine.training import service as training
from certengine.training.hours_accounts import Where
from certengine.training.models import LessonMode
from certengine.training.rules import Presence

PASSWORD = "certengine-demo"
FIELD = "artificial_intelligence"
ACCOUNTS = (
    ("author", Role.ITEM_AUTHOR, "命题员 林悦"),
    ("reviewer", Role.ITEM_REVIEWER, "审题员 高翔"),
    ("papers", Role.PAPER_MAKER, "组卷员 何静"),
    ("officer", Role.EXAM_OFFICER, "考务员 孙磊"),
    ("proctor", Role.PROCTOR, "监考员 马强"),
    ("proctor2", Role.PROCTOR, "监考员 冯雪"),
    ("examiner", Role.EXAMINER, "考评员 郑敏"),
    ("issuer", Role.ISSUER, "证书管理员 唐华"),
    ("issuer2", Role.ISSUER, "证书管理员 许杰"),
)
# Name, serial of the identity number, how able: from the theta scale of the psychometrics.
CANDIDATES = (
    ("张伟明", 1, 1.6),
    ("李娜", 2, 1.1),
    ("阿卜杜拉·买买提", 3, 1.3),
    ("王𬭎", 5, 0.9),
    ("𠮷川明", 7, 1.2),
    ("欧阳燚", 8, -1.6),
    ("赵晓彤", 10, 1.0),
)
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭"
GIVEN = [
    "伟",
    "静",
    "敏",
    "磊",
    "洋",
    "艳",
    "勇",
    "杰",
    "娟",
    "涛",
    "超",
    "明",
    "霞",
    "平",
    "刚",
    "桂英",
    "玉兰",
    "建华",
    "志强",
    "晓东",
    "雨桐",
    "子涵",
    "思远",
    "浩然",
    "欣怡",
]
# The finished exam has so many more, so that its analysis has something to say.
CROWD = 40
LIVE_MINUTES = 600
# Banks beside the one that the exams use: brought in and approved, not yet released.
OTHER_BANKS = (
    ("artificial_intelligence", Level.INTERMEDIATE),
    ("artificial_intelligence", Level.SENIOR),
    ("big_data", Level.JUNIOR),
    ("internet_of_things", Level.JUNIOR),
    ("industrial_internet", Level.JUNIOR),
)


def crowd() -> tuple[tuple[str, int, float], ...]:
    """Candidates by chance, the same each time: name, serial, ability."""
    chance = random.Random(2026)
    return tuple(
        (chance.choice(SURNAMES) + chance.choice(GIVEN), 100 + number, round(chance.gauss(0.6, 0.9), 2))
        for number in range(CROWD)
    )


@dataclass(frozen=True)
class People:
    institution: Organisation
    trainers: Organisation
    accounts: dict[str, Account]

    def actor(self, login: str) -> str:
        return f"account:{self.accounts[login].id}"


@click.command("demo")
def command() -> None:
    """Fills the demonstration; a second run changes nothing. Prints the sign-ins."""
    runtime = use(Runtime(replace(current().settings, demonstration=True)))
    migrate.upgrade(runtime)
    rooms.load_models()
    path = runtime.settings.data / "demo" / "demo.json"
    if not path.exists():
        with runtime.unit_of_work(read_only=True) as session:
            begun = session.scalar(select(Organisation.id).limit(1)) is not None
        if begun:
            folder = runtime.settings.data
            raise click.ClickException(
                f"{folder} holds other data, or a demonstration that was cut off; use an empty folder"
            )
        facts = fill(runtime)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(facts, ensure_ascii=False, indent=2))
    show(json.loads(path.read_text()))


def show(facts: dict[str, Any]) -> None:
    click.echo(f"address: {facts['base_url']}")
    for each in facts["accounts"]:
        click.echo(f"  {each['role']:<16} {each['login']:<14} {each['password']}")
    click.echo(f"candidates ({facts['base_url']}/exam):")
    for each in facts["candidates"]:
        click.echo(f"  {each['name']}  ticket {each['ticket']}  document {each['document']}")
    click.echo(f"a certificate: {facts['base_url']}/v/{facts['grade_certificate']['code']}")


def fill(runtime: Runtime) -> dict[str, Any]:
    """Makes everything; returns what demo.json holds."""
    now = runtime.clock.now()
    clock = SetClock(now - timedelta(days=40))
    past = Runtime(runtime.settings, clock)
    with past.unit_of_work() as session:
        staff = _people(session, clock.now())
    release_id = _bank(past, staff)
    _class(past, clock, staff, now)
    over = _finished_exam(past, clock, staff, release_id, now)
    clock.at = now - timedelta(days=5)
    _programme(past, staff)
    _courses(past, staff)
    live = _live_exam(past, clock, staff, release_id, now)
    with past.unit_of_work() as session:
        _ends(session, past, staff, over, now)
    while ledger.sequence(past):
        pass
    with past.unit_of_work(read_only=True) as session:
        return _facts(session, past, staff, over, live)


def _people(session: Session, now: datetime) -> People:
    kinds = OrganisationKind
    institution = people.create_organisation(
        session,
        kinds.EVALUATION_INSTITUTION,
        "山东数字技术评价中心",
        "SDPJ",
        now,
        "Shandong Digital Technology Evaluation",
    )
    trainers = people.create_organisation(session, kinds.TRAINING_INSTITUTION, "泉城数字技术培训学院", "QCPX", now)
    department = people.create_organisation(session, kinds.DEPARTMENT, "山东省人力资源和社会保障厅", "SDRS", now)
    base = people.create_organisation(session, kinds.BASE, "齐鲁软件园继续教育基地", "QLJD", now)
    made: dict[str, Account] = {}

    def account(login: str, role: Role, name: str, owner: Organisation, person: Person | None = None) -> None:
        made[login] = people.create_account(
            session,
            login=login,
            password=PASSWORD,
            name=name,
            organisation=owner,
            roles=frozenset({role}),
            now=now,
            person=person,
        )

    for login, role, name in ACCOUNTS:
        account(login, role, name, institution)
    account("training", Role.TRAINING_OFFICER, "培训管理员 方圆", trainers)
    account("base", Role.TRAINING_OFFICER, "基地管理员 田野", base)
    account("supervisor", Role.SUPERVISOR, "监督员 秦岭", department)
    account("administrator", Role.ADMINISTRATOR, "系统管理员 周宁", department)
    employer = people.create_organisation(session, kinds.EMPLOYER, "泰山智能装备有限公司", "TSZB", now)
    account("employer", Role.EMPLOYER, "人事专员 何静", employer)
    return People(institution, trainers, made)


def _bank(past: Runtime, staff: People) -> UUID:
    """The junior model bank: brought in by one, approved by another, released."""
    now = past.clock.now()
    with past.unit_of_work() as session:
        found = bank.import_model_bank(session, staff.institution.id, FIELD, Level.JUNIOR, staff.actor("author"), now)
        assert found.import_id is not None
        bank.approve_import(session, found.import_id, staff.actor("reviewer"), now)
        released = bank.release(session, bank_id=found.bank_id, actor=staff.actor("reviewer"), now=now)
        for field, level in OTHER_BANKS:
            more = bank.import_model_bank(session, staff.institution.id, field, level, staff.actor("author"), now)
            assert more.import_id is not None
            bank.approve_import(session, more.import_id, staff.actor("reviewer"), now)
        return released.id


def document(serial: int) -> str:
    """A valid identity number that nobody has: born on 1 January 1990, of a region code kept for samples."""
    first = f"37010219900101{serial:03}"
    return first + resident_id_check(first)


def photo(serial: int) -> bytes:
    """A drawn head, so that no real face is shown."""
    shade = random.Random(serial)
    background = (shade.randint(150, 215), shade.randint(170, 220), shade.randint(195, 235))
    picture = Image.new("RGB", (358, 478), background)
    draw = ImageDraw.Draw(picture)
    coat = (shade.randint(30, 90), shade.randint(50, 100), shade.randint(80, 140))
    draw.ellipse((40, 330, 318, 640), fill=coat)
    draw.rectangle((150, 280, 208, 370), fill=(224, 188, 160))
    draw.ellipse((104, 110, 254, 316), fill=(236, 202, 174))
    draw.pieslice((92, 84, 266, 290), 180, 360, fill=(40, 34, 32))
    for x in (152, 206):
        draw.ellipse((x - 7, 208, x + 7, 222), fill=(40, 34, 32))
    draw.arc((154, 232, 204, 274), 20, 160, fill=(150, 80, 70), width=4)
    out = BytesIO()
    picture.save(out, "JPEG", quality=90)
    return portrait(out.getvalue())


def _registered(
    past: Runtime,
    session: Session,
    plan: ExamPlan,
    staff: People,
    people_there: Sequence[tuple[str, int, float]],
    at: datetime,
) -> list[Registration]:
    rows = []
    for name, serial, _ability in people_there:
        person = PersonFacts(name, DocumentType.RESIDENT_ID, document(serial))
        evidence = Evidence(hours=64, degree="bachelor", years=Decimal(2))
        facts = CandidateFacts(person, evidence, "济南云海科技有限公司" if serial % 2 else "青岛海蓝数据有限公司")
        row, _new = sittings.register(session, past.cipher, plan, facts, staff.actor("officer"), at)
        people.set_photo(session, row.person_id, past.files.put(photo(serial)))
        rows.append(row)
    return rows


@dataclass(frozen=True)
class Exam:
    plan_id: UUID
    theory_id: UUID
    practical_id: UUID | None
    registrations: tuple[UUID, ...]
    abilities: tuple[float, ...]


def _planned(
    past: Runtime, staff: People, title: str, release_id: UUID, starts_at: datetime, minutes: int, practical: bool
) -> Exam:
    """Plan, candidates, sittings, rooms, seats, staff, papers: all before the start."""
    # The last one of the finished exam never comes.
    there = (*CANDIDATES[:-1], *crowd(), CANDIDATES[-1]) if practical else CANDIDATES
    now = past.clock.now()
    officer = staff.actor("officer")
    with past.unit_of_work() as session:
        plan = sittings.plan_exam(
            session,
            staff.institution.id,
            PlanFacts(title, FIELD, Level.JUNIOR, None, 60),
            token=title[:40],
            actor=officer,
            now=now,
        )
        rows = _registered(past, session, plan, staff, there, now)
        made: list[UUID] = []
        parts = [Part.THEORY, Part.PRACTICAL] if practical else [Part.THEORY]
        for number, part in enumerate(parts):
            facts = SittingFacts(part, starts_at + timedelta(days=number), minutes if part is Part.THEORY else 120)
            sitting = sittings.add_sitting(session, plan, facts, officer, now)
            room = sittings.add_room(
                session,
                sitting.id,
                RoomFacts("第一考场", "济南市历下区经十路 1 号 3 层", 6 if practical else 3, 8 if practical else 4),
            )
            sittings.seat_candidates(session, sitting.id, officer, now)
            for login in ("proctor", "proctor2") if part is Part.THEORY else ("examiner",):
                sittings.assign(session, room, staff.accounts[login], officer, now)
            made.append(sitting.id)
        session.flush()
        _draw(past, session, staff, made[0], release_id, now)
        if practical:
            sittings.set_release(session, sittings.sitting(session, made[1]), release_id, drawn=False)
    abilities = tuple(ability for _name, _serial, ability in there)
    return Exam(plan.id, made[0], made[1] if practical else None, tuple(row.id for row in rows), abilities)


def _draw(past: Runtime, session: Session, staff: People, sitting_id: UUID, release_id: UUID, now: datetime) -> None:
    view = sittings.sitting(session, sitting_id)
    sittings.set_release(session, view, release_id, drawn=True)
    maker = staff.actor("papers")
    draw_id = papers.commit_seed(
        session,
        sitting=delivery.sitting_key(sitting_id),
        release_id=release_id,
        direction=None,
        actor=maker,
        now=now,
        title=view.title,
        organisation_id=view.organisation_id,
        ends_at=view.ends_at,
        cipher=past.cipher,
    )
    keys = [delivery.registration_key(each.registration_id) for each in sittings.placements(session, sitting_id)]
    papers.draw_papers(session, draw_id, keys, maker, now, past.cipher)


def _finished_exam(past: Runtime, clock: SetClock, staff: People, release_id: UUID, now: datetime) -> Exam:
    starts_at = (now - timedelta(days=20)).replace(hour=1, minute=0, second=0, microsecond=0)
    clock.at = starts_at - timedelta(days=3)
    exam = _planned(past, staff, "2026年第三季度人工智能初级考试", release_id, starts_at, 90, practical=True)
    _sit(past, clock, exam, starts_at)
    _mark(past, clock, staff, exam)
    return exam


def _sit(past: Runtime, clock: SetClock, exam: Exam, starts_at: datetime) -> None:
    """Everyone answers as they are able to; the last one never comes."""
    journal = Journal(past)
    for number, registration_id in enumerate(exam.registrations[:-1]):
        ability = exam.abilities[number]
        clock.at = starts_at - timedelta(minutes=10)
        with past.unit_of_work() as session:
            delivery.confirm(session, exam.theory_id, registration_id, clock.now())
        clock.at = starts_at + timedelta(seconds=number)
        with past.unit_of_work() as session:
            attempt = delivery.start(session, exam.theory_id, registration_id, clock.now())
            attempt = delivery.open_screen(session, exam.theory_id, registration_id, clock.now())
            answers = _answers(session, exam.theory_id, registration_id, ability)
        for sequence, (item, answer) in enumerate(answers, 1):
            clock.advance(seconds=40)
            saved = journal.save(Arrived(attempt.id, 1, [(item, sequence, {"a": answer, "f": False})]))
            assert saved.problem is None, saved.problem
        with past.unit_of_work() as session:
            delivery.submit(session, attempt.id, delivery.registration_key(registration_id), clock.now())


def _answers(session: Session, sitting_id: UUID, registration_id: UUID, ability: float) -> list[tuple[str, Any]]:
    paper = papers.paper(session, delivery.sitting_key(sitting_id), delivery.registration_key(registration_id))
    release = sittings.sitting(session, sitting_id).release_id
    assert release is not None
    items = {item.id: item for item in bank.released_items(session, release).items}
    chance = random.Random(str(registration_id.int % 1000) + str(ability))
    return [(placed.item, _answer(items[placed.item], ability, chance)) for placed in paper.items]


def _answer(item: Item, ability: float, chance: random.Random) -> Any:
    likely = 1 / (1 + 2.718281828 ** (-1.7 * (ability - item.difficulty)))
    if chance.random() < likely:
        return list(item.key) if isinstance(item.key, tuple) else item.key
    others = [option.id for option in item.options]
    if isinstance(item.key, tuple):
        return sorted(chance.sample(others, 2))
    return chance.choice([each for each in others if each != item.key])


def _mark(past: Runtime, clock: SetClock, staff: People, exam: Exam) -> None:
    clock.advance(days=2)
    assert exam.practical_id is not None
    with past.unit_of_work() as session:
        marking.mark_sitting(session, exam.theory_id, staff.actor("issuer"), clock.now())
        draw = papers.draw_of(session, delivery.sitting_key(exam.theory_id))
        assert draw is not None
        papers.disclose(session, draw.id, staff.actor("papers"), clock.now(), past.cipher)
        task = marking.task_of(session, sittings.sitting(session, exam.practical_id))
        for number, registration_id in enumerate(exam.registrations[:-1]):
            share = Decimal("0.9") if exam.abilities[number] > 0 else Decimal("0.5")
            points: dict[str, Decimal | None] = {
                each.id: (each.points * share).quantize(Decimal("0.5")) for each in task.rubric
            }
            marking.enter_practical(
                session,
                exam.practical_id,
                registration_id,
                PracticalEntry(points, "", 0),
                examiner=staff.actor("examiner"),
                examiner_name=staff.accounts["examiner"].name,
                now=clock.now(),
            )
    clock.advance(days=1)
    with past.unit_of_work() as session:
        releasing.propose(session, exam.plan_id, None, "考场情况已核实", staff.actor("issuer"), clock.now())
        releasing.sign(session, past, exam.plan_id, staff.actor("issuer2"), clock.now())
    resume_jobs(past)


def _class(past: Runtime, clock: SetClock, staff: People, now: datetime) -> None:
    """A class that was taught, with one who completed it and may fetch the certificate."""
    clock.at = now - timedelta(days=38)
    officer = staff.actor("training")
    with past.unit_of_work() as session:
        opened = training.open_class(
            session,
            organisation_id=staff.trainers.id,
            title="人工智能初级培训 2026 秋季班",
            field=FIELD,
            level=Level.JUNIOR,
            token="demo class",
            actor=officer,
            now=clock.now(),
        )
        enrolled = [
            training.enrol(
                session,
                past.cipher,
                opened,
                PersonFacts(name, DocumentType.RESIDENT_ID, document(serial)),
                officer,
                clock.now(),
            )
            for name, serial, _ability in CANDIDATES[:3]
        ]
        first = (now - timedelta(days=37)).replace(hour=1, minute=0, second=0, microsecond=0)
        for day in range(8):
            starts = first + timedelta(days=day)
            facts = training.LessonFacts(
                f"第{day + 1}讲", "董老师", LessonMode.ON_SITE, starts, starts + timedelta(hours=6)
            )
            lesson = training.add_lesson(session, opened, facts, clock.now())
            for each in enrolled[: 3 if day < 5 else 1]:
                training.record_attendance(
                    session, each, lesson, Presence(starts, starts + timedelta(hours=6)), actor=officer, now=clock.now()
                )
        clock.at = first + timedelta(days=9)
        training.assess(session, enrolled[0], Decimal("86.5"), actor=officer, now=clock.now())
        training.issue_certificates(session, past, opened, actor=officer, now=clock.now())
        people.create_account(
            session,
            login="trainee",
            password=PASSWORD,
            name="学员 张伟明",
            organisation=session.get_one(Organisation, staff.trainers.id),
            roles=frozenset({Role.TRAINEE}),
            now=clock.now(),
            person=enrolled[0].person,
        )


def _programme(past: Runtime, staff: People) -> None:
    """A seminar that waits for its approval, and a base that has still to report this year."""
    now = past.clock.now()
    with past.unit_of_work() as session:
        base = session.scalars(select(Organisation).where(Organisation.kind == OrganisationKind.BASE)).one()
        programme.designate_base(session, base.id, Tier.PROVINCIAL, actor=staff.actor("supervisor"), now=now)
        starts = now.date() + timedelta(days=45)
        facts = programme.SeminarFacts(
            "工业互联网与人工智能融合高级研修班",
            Tier.PROVINCIAL,
            starts,
            starts + timedelta(days=4),
            60,
            "申报单位自筹",
        )
        programme.apply_for_seminar(session, base.id, facts, token="demo seminar", actor=staff.actor("base"), now=now)


def _courses(past: Runtime, staff: People) -> None:
    """Continuing-education courses of the base, in which the trainee and an employer's people are enrolled."""
    now = past.clock.now()
    with past.unit_of_work() as session:
        trainee = people.account_by_login(session, "trainee")
        published = sample_courses.fill(
            session,
            past,
            developer=staff.accounts["base"].organisation_id,
            author=staff.actor("base"),
            department=staff.accounts["supervisor"].organisation_id,
            reviewer=staff.actor("supervisor"),
            employer=staff.accounts["employer"].organisation_id,
            staff=[
                PersonFacts(name, DocumentType.RESIDENT_ID, document(serial)) for name, serial, _a in CANDIDATES[1:4]
            ],
            now=now,
        )
        assert trainee is not None and trainee.person_id is not None
        learning.enrol(session, published[2], trainee.person_id, Where("370000"), now=now)


def _live_exam(past: Runtime, clock: SetClock, staff: People, release_id: UUID, now: datetime) -> Exam:
    """A sitting that runs for ten hours from now, so that it can be tried at leisure."""
    clock.at = now - timedelta(minutes=40)
    title = "2026年第四季度人工智能初级考试"
    starts_at = now - timedelta(minutes=5)
    exam = _planned(past, staff, title, release_id, starts_at, LIVE_MINUTES, practical=False)
    clock.at = now
    with past.unit_of_work() as session:
        # Late comers are let in all the time, for whoever tries the demonstration comes when they like.
        session.get_one(Sitting, exam.theory_id).late_minutes = LIVE_MINUTES
    return exam


def _grade_certificates(session: Session, exam: Exam) -> list[Certificate]:
    subjects = [delivery.registration_key(each) for each in exam.registrations]
    query = select(Certificate).where(Certificate.subject.in_(subjects)).order_by(Certificate.number)
    return list(session.scalars(query))


def _ends(session: Session, past: Runtime, staff: People, exam: Exam, now: datetime) -> None:
    """One certificate is revoked by two people, one replaced."""
    held = _grade_certificates(session, exam)
    certificates.revoke(session, held[-1].id, "考后查实违纪", staff.actor("issuer"), staff.actor("issuer2"), now)
    content = certificates.content_of(session, held[-2])
    certificates.supersede(session, past, held[-2].id, content, "补录照片后重新签发", staff.actor("issuer"), now)


def _facts(session: Session, past: Runtime, staff: People, over: Exam, live: Exam) -> dict[str, Any]:
    folder = past.settings.data / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    held = _grade_certificates(session, over)
    by_state = {each.state: each for each in reversed(held)}
    trained = session.scalars(select(Certificate).where(Certificate.organisation_id == staff.trainers.id)).one()
    ticket = folder / "ticket.pdf"
    ticket.write_bytes(tickets(session, past, [live.registrations[0]]))
    accounts = [
        {"role": role.value, "login": login, "password": PASSWORD}
        for login, role in session.execute(
            select(Account.login, AccountRole.role).join(AccountRole).order_by(Account.created_at, Account.id)
        )
    ]
    candidates = [
        {"name": view.name, "ticket": view.ticket_number, "document": document(serial)}
        for (_name, serial, _ability), view in zip(
            CANDIDATES, [sittings.candidate(session, each) for each in live.registrations], strict=True
        )
    ]
    return {
        "base_url": past.settings.base_url,
        "accounts": accounts,
        "candidates": candidates,
        "grade_certificate": _file(past, by_state[CertificateState.VALID], folder / "grade_certificate.pdf"),
        "training_certificate": _file(past, trained, folder / "training_certificate.pdf"),
        "revoked_code": by_state[CertificateState.REVOKED].code,
        "superseded_code": by_state[CertificateState.SUPERSEDED].code,
        "ticket_pdf": str(ticket),
        "sitting_url": f"{past.settings.base_url}/exam/{live.theory_id}",
    }


def _file(past: Runtime, row: Certificate, path: Path) -> dict[str, str]:
    path.write_bytes(past.files.get(row.pdf))
    return {"pdf": str(path), "code": row.code, "name": row.holder_name}
