"""A few courses for the demonstration, written here: published ones, one that waits for its review, some learners."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.service import PersonFacts
from certengine.training import courses, learning
from certengine.training.course_models import Course, Subject, UnitKind
from certengine.training.courses import CourseFacts, UnitFacts
from certengine.training.hours_accounts import Where

FILM, FILM_SECONDS = "video/webm", 90


@dataclass(frozen=True)
class Sample:
    title: str
    subject: Subject
    field: str
    units: tuple[tuple[str, str], ...]
    question: tuple[str, tuple[str, ...], int]


SAMPLES = (
    Sample(
        "网络安全与个人信息保护入门",
        Subject.GENERAL,
        "",
        (
            (
                "为什么要保护个人信息",
                "个人信息是以电子或者其他方式记录的、与已识别或者可识别的自然人有关的各种信息。处理个人信息应当遵循合法、正当、必要和诚信的原则：只收集办事所需，说明用途，到期删除。",
            ),
            (
                "工作中的三个习惯",
                "第一，证件号码显示时要遮盖；第二，账号不共用，离开座位要锁屏；第三，收到附件先核对来源再打开。",
            ),
        ),
        ("收集个人信息时应当做到什么？", ("只收集办事所需的信息", "尽量多收集以备后用", "不必说明用途"), 0),
    ),
    Sample(
        "专业技术人员职业道德",
        Subject.GENERAL,
        "",
        (
            (
                "诚信与责任",
                "出具的数据、报告和证书要与事实一致；发现差错应及时更正并告知受影响的人；与本人有利害关系的评审应当回避。",
            ),
        ),
        ("发现自己出具的报告有差错时应当怎样做？", ("及时更正并告知受影响的人", "等别人发现后再说", "悄悄改掉原件"), 0),
    ),
    Sample(
        "机器学习项目的数据准备",
        Subject.PROFESSIONAL,
        "artificial_intelligence",
        (
            (
                "划分数据集",
                "训练集用来拟合，验证集用来选择，测试集只在最后用一次。同一个人的多条样本应当分在同一个集合里，否则成绩会虚高。",
            ),
            ("缺失与异常", "先弄清缺失的原因，再决定删除、填补还是单独编码；填补所用的统计量只能从训练集算出。"),
        ),
        ("填补缺失值所用的均值应当从哪里计算？", ("训练集", "全部数据", "测试集"), 0),
    ),
)
# A course that waits for its review.
WAITING = Sample(
    "工业互联网平台运维案例",
    Subject.PROFESSIONAL,
    "industrial_internet",
    (("一次停机的复盘", "从告警、定位、恢复到改进，逐步说明记录了什么、谁作了决定、以后怎样避免。"),),
    ("复盘的目的首先是什么？", ("避免再次发生", "追究个人", "写一份报告"), 0),
)


def fill(
    session: Session,
    runtime: Runtime,
    *,
    developer: UUID,
    author: str,
    department: UUID,
    reviewer: str,
    employer: UUID,
    staff: list[PersonFacts],
    now: datetime,
    video: bytes = b"",
) -> list[Course]:
    """The published courses, in which the employer's staff is enrolled; video: a film of the professional one."""
    _submitted(session, developer, WAITING, author, now)
    film = UnitFacts("视频：数据集的划分", UnitKind.VIDEO, FILM_SECONDS, file=runtime.files.put(video), media_type=FILM)
    published = []
    for sample in SAMPLES:
        films = [film] if video and sample.subject is Subject.PROFESSIONAL else []
        made = _submitted(session, developer, sample, author, now, films)
        courses.review(session, made, True, "", organisation_id=department, actor=reviewer, now=now)
        courses.publish(session, made, organisation_id=department, actor=reviewer, now=now)
        published.append(made)
    for facts in staff:
        person = people.register_person(session, runtime.cipher, facts, now)
        learning.enrol(session, published[0], person.id, Where("370100", employer), now=now)
    return published


def _submitted(
    session: Session, developer: UUID, sample: Sample, author: str, now: datetime, films: Sequence[UnitFacts] = ()
) -> Course:
    facts = CourseFacts(
        title=sample.title,
        summary="示范课程，含视频与文字单元。" if films else "示范课程，文字单元，约二十分钟。",
        subject=sample.subject,
        field=sample.field,
        level=None,
        hours=Decimal("0.5"),
        quiz_items=1,
    )
    made = courses.draft(session, developer, facts, token=f"sample {sample.title}"[:40], actor=author, now=now)
    for film in films:
        courses.add_unit(session, made, film)
    for title, text in sample.units:
        seconds = 1200 // len(sample.units)
        courses.add_unit(session, made, UnitFacts(title, UnitKind.DOCUMENT, seconds, text=text))
    stem, options, key = sample.question
    courses.add_question(session, made, stem, options, key)
    courses.submit(session, made, actor=author, now=now)
    return made
