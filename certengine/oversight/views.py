from datetime import datetime, timedelta

from flask import Response, render_template, request
from flask_babel import gettext
from openpyxl import Workbook
from werkzeug.wrappers import Response as Answer

from certengine.foundation.clock import CHINA
from certengine.foundation.paging import paginate
from certengine.foundation.spreadsheets import append_texts, saved
from certengine.ledger import service as ledger
from certengine.ledger.views import entry_kind
from certengine.oversight import (
    complaint_views,
    designation_views,
    inspection_views,
    person_views,
    replay_views,
    service,
    statistics_views,
    status_views,
)
from certengine.oversight.kinds import KINDS
from certengine.oversight.pages import blueprint, must_be_provincial
from certengine.oversight.service import AuditFilter, AuditReach
from certengine.people import regions
from certengine.people import service as people
from certengine.people.actors import region, staff
from certengine.people.permissions import Permission
from certengine.web.access import allow
from certengine.web.downloads import sent_spreadsheet
from certengine.web.forms import YEARS
from certengine.web.request import may_lag, now, runtime, session

__all__ = [
    "blueprint",
    "complaint_views",
    "designation_views",
    "inspection_views",
    "person_views",
    "replay_views",
    "statistics_views",
    "status_views",
]
LONGEST_EXPORT = 100_000


@blueprint.get("/oversight")
@may_lag
@allow(Permission.OVERSIGHT_READ)
def overview() -> str:
    months = service.issued_by_month(session(), now(), region())
    return render_template(
        "oversight/overview.html",
        figures=service.figures(session(), region()),
        lines=service.sittings_near(session(), now(), region()),
        months=months,
        # There is a ledger to take away once its first checkpoint is signed.
        whole=regions.is_provincial(region()) and ledger.latest_checkpoint(session()) is not None,
        most=max(count for _month, count in months) or 1,
        now=now(),
    )


@blueprint.get("/oversight/ledger.jsonl")
@may_lag
@allow(Permission.OVERSIGHT_READ)
def export() -> Response:
    """The whole log with its private parts, to be verified with `certengine ledger verify`; the province's alone."""
    must_be_provincial()
    lines = ledger.export_lines(session(), runtime(), disclose=True)
    return Response(
        b"".join(line + b"\n" for line in lines),
        content_type="application/jsonl",
        headers={"Content-Disposition": "attachment; filename=ledger.jsonl"},
    )


def _filter() -> AuditFilter:
    def day(name: str, add: int) -> datetime | None:
        try:
            start = datetime.fromisoformat(request.args.get(name, "")).replace(tzinfo=CHINA)
        except ValueError:
            return None
        return start + timedelta(days=add) if start.year in YEARS else None

    kind = request.args.get("kind", "")
    login = request.args.get("login", "").strip()
    return AuditFilter(kind, login, day("since", 0), day("until", 1))


def _whose() -> AuditReach:
    """A department sees its region's acts, the province's all; whoever keeps an institution's accounts its own."""
    if staff().may(Permission.OVERSIGHT_READ):
        return AuditReach(region=region())
    return service.administrators_reach(session(), staff().organisation_id)


@blueprint.get("/audit")
@may_lag
@allow(Permission.AUDIT_READ)
def audit() -> str:
    query = service.audit_query(session(), _filter(), _whose())
    page = paginate(session(), query, request.args.get("page", 1, int))
    return render_template(
        "oversight/audit.html",
        page=page,
        names=people.names_of(session(), [row.actor for row in page.rows]),
        kinds=KINDS,
        chosen=request.args,
    )


@blueprint.get("/audit.xlsx")
@may_lag
@allow(Permission.AUDIT_READ)
def audit_xlsx() -> Answer:
    rows = session().scalars(service.audit_query(session(), _filter(), _whose()).limit(LONGEST_EXPORT)).all()
    names = people.names_of(session(), [row.actor for row in rows])
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("log")
    sheet.append(["时间", "事项", "操作人", "对象", "账本序号", "记录的哈希值"])
    for row in rows:
        time = row.at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
        who = names.get(row.actor, row.actor)
        append_texts(sheet, [time, str(entry_kind(row.kind)), who, row.subject, row.index, row.leaf_hash.hex()])
    return sent_spreadsheet(saved(workbook), gettext("操作日志") + ".xlsx")
