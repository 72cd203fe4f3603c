"""The year's report of the programme as a signed PDF."""

from datetime import datetime

from sqlalchemy.orm import Session

from certengine.foundation.errors import NotAllowed
from certengine.foundation.runtime import Runtime
from certengine.oversight import programme_problems, statistics
from certengine.oversight.statistics import Board, Line
from certengine.people import regions
from certengine.programme import bases, documents, rules
from certengine.programme.document_models import DocumentKind, OfficialDocument
from certengine.programme.document_sheet import Paper
from certengine.programme.documents import Wanted
from certengine.standards.service import fields
from certengine.training import course_statistics

__all__ = ["programme_problems"]

LEVELS = {"junior": "初级", "intermediate": "中级", "senior": "高级"}
HEAD = ("", "报名", "参考", "合格", "合格率", "发证", "培训结业")


def subject(region: str, year: int) -> str:
    return f"report:{region}:{year}"


def issue(session: Session, runtime: Runtime, region: str, year: int, *, actor: str, now: datetime) -> OfficialDocument:
    """Raises NotAllowed for a city's department: the report is the province's."""
    if not regions.is_provincial(region):
        raise NotAllowed("oversight.province_only")
    board = statistics.board(session, region, year)
    name = regions.regions()[0].zh
    wanted = Wanted(
        DocumentKind.YEARLY_REPORT,
        subject(region, year),
        Paper.REPORT,
        f"{name}专业技术人才知识更新工程 {year} 年度报告",
        f"统计范围：{name}，自然年 {year}（北京时间）",
        (
            "参考人数为成绩已发布且未缺考、未作废者；合格率以参考人数为分母。试用考试不计入。",
            f"高级研修班已办 {board.seminars} 期（目标约 {rules.SEMINARS_YEARLY_TARGET} 期），"
            f"培训 {board.seminar_people} 人（目标约 {rules.SEMINAR_PEOPLE_YEARLY_TARGET} 人）。",
        ),
        tuple(_rows(session, board, region)),
    )
    return documents.issue(session, runtime, wanted, actor=actor, now=now)


def _rows(session: Session, board: Board, region: str) -> list[tuple[str, ...]]:
    names = regions.names()
    titles = {each.field: each.title_zh for each in fields()}
    rows: list[tuple[str, ...]] = []
    for head, lines, labels in (
        ("一、各市", board.by_city, names),
        ("二、各领域", board.by_field, titles),
        ("三、各等级", board.by_level, LEVELS),
    ):
        rows += [(head,), HEAD, *(_row(line, labels) for line in lines), _row(Line("合计", board.whole), {})]
    rows += [("四、继续教育基地",), ("基地", "培训人数", "研修班", "课程", "", "", "")]
    for base in bases.bases(session, regions.reach(region)):
        counted = bases.indicators(session, base.organisation_id, board.year)
        cells = (str(counted.trained), str(counted.seminars), str(counted.courses), "", "", "")
        rows.append((base.organisation.name, *cells))
    learnt = course_statistics.whole(course_statistics.by_city(session, board.year, regions.reach(region)))
    rows += [
        ("五、网络课程",),
        ("学习人数", str(learnt.people)),
        ("达到年度学时要求", str(learnt.met)),
        ("选课人次", str(learnt.enrolled)),
        ("完成人次", str(learnt.completed)),
    ]
    return rows


def _row(line: Line, labels: dict[str, str]) -> tuple[str, ...]:
    each = line.figures
    share = f"{each.share}%" if each.share is not None else "无人参考"
    counts = (each.registered, each.sat, each.passed)
    return (labels.get(line.key, line.key), *map(str, counts), share, str(each.certified), str(each.trained))
