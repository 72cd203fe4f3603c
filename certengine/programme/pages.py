"""What the room's pages share: the blueprint, its navigation and labels, who acts, and whose eyes look."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, request
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from certengine.foundation.errors import NotFound
from certengine.people.actors import region, staff
from certengine.people.permissions import Permission
from certengine.programme.account_models import AccountCategory
from certengine.programme.application_models import ApplicationKind, Stage
from certengine.programme.applications import Viewer
from certengine.programme.base_models import AssessmentVerdict, BaseState, ExchangeKind, Tier
from certengine.programme.document_models import DocumentKind
from certengine.programme.seminar_models import ParticipantState, SeminarState
from certengine.programme.seminars import SeminarViewer
from certengine.web.layout import NavigationEntry, add_labels, add_navigation

blueprint = Blueprint("programme", __name__)

SEMINAR_STATES = {
    SeminarState.APPLIED: _("已申请"),
    SeminarState.RECOMMENDED: _("已推荐至部委"),
    SeminarState.APPROVED: _("已批准"),
    SeminarState.REFUSED: _("未批准"),
    SeminarState.SUMMARISED: _("已总结"),
}
BASE_STATES = {
    BaseState.IN_GOOD_STANDING: _("正常"),
    BaseState.PUT_RIGHT: _("限期整改"),
    BaseState.REMOVAL_PROPOSED: _("拟撤销"),
    BaseState.REMOVED: _("撤销"),
}
KINDS = {
    ApplicationKind.BASE: _("继续教育基地"),
    ApplicationKind.TRAINING_INSTITUTION: _("培训机构"),
    ApplicationKind.EVALUATION_INSTITUTION: _("评价机构"),
    ApplicationKind.BEST_COURSE: _("优秀网络课程"),
}
STAGES = {
    Stage.SUBMITTED: _("待推荐"),
    Stage.RETURNED: _("退回补充"),
    Stage.RECOMMENDED: _("已推荐，待评审"),
    Stage.PUBLISHED: _("公示中"),
    Stage.AWARDED: _("已授予"),
    Stage.REFUSED: _("未通过"),
    Stage.WITHDRAWN: _("已撤回"),
}
VERDICTS = {
    AssessmentVerdict.EXCELLENT: _("优秀"),
    AssessmentVerdict.GOOD: _("合格"),
    AssessmentVerdict.POOR: _("不合格"),
}
EXCHANGES = {
    ExchangeKind.EXPERTS: _("专家"),
    ExchangeKind.MATERIALS: _("教材与课件"),
    ExchangeKind.RESEARCH: _("课题研究"),
    ExchangeKind.PLATFORM: _("平台与设备"),
}
DOCUMENT_KINDS = {
    DocumentKind.PLAQUE: _("基地铭牌"),
    DocumentKind.DESIGNATION: _("机构认定书"),
    DocumentKind.SEMINAR_CERTIFICATE: _("研修班结业证书"),
    DocumentKind.BEST_COURSE: _("优秀网络课程证书"),
    DocumentKind.YEARLY_REPORT: _("年度报告"),
    DocumentKind.SEMINAR_ACCOUNTS: _("研修班收支决算表"),
}
ACCOUNT_CATEGORIES = {
    AccountCategory.CENTRAL: _("收入：中央财政资金"),
    AccountCategory.PROVINCIAL: _("收入：省级财政资金"),
    AccountCategory.OWN: _("收入：主办、承办单位自筹"),
    AccountCategory.OTHER_INCOME: _("收入：其他"),
    AccountCategory.TEACHING: _("支出：师资费"),
    AccountCategory.LODGING: _("支出：住宿费"),
    AccountCategory.MEALS: _("支出：伙食费"),
    AccountCategory.VENUE: _("支出：场地与设备费"),
    AccountCategory.MATERIALS: _("支出：教材资料费"),
    AccountCategory.TRANSPORT: _("支出：交通费"),
    AccountCategory.OTHER_EXPENSE: _("支出：其他"),
}
PARTICIPANT_STATES = {
    ParticipantState.NOMINATED: _("待录取"),
    ParticipantState.ADMITTED: _("已录取"),
    ParticipantState.REFUSED: _("未录取"),
}
TIERS = {Tier.NATIONAL: _("国家级"), Tier.PROVINCIAL: _("省级")}
CRITERIA_NAMES = {
    "conditions": _("条件与设施"),
    "staff": _("师资队伍"),
    "record": _("工作基础"),
    "plan": _("工作计划"),
    "content": _("课程内容"),
    "teaching": _("讲授水平"),
    "production": _("制作质量"),
    "use": _("学习效果"),
    "need": _("选题与需求"),
    "programme": _("课程安排"),
    "speakers": _("师资"),
    "budget": _("经费预算"),
}
NAVIGATION = (
    (690, _("遴选与申报"), "programme.applications", Permission.PROGRAMME_APPLY),
    (690, _("遴选与申报"), "programme.applications", Permission.PROGRAMME_RECOMMEND),
    (690, _("遴选与申报"), "programme.applications", Permission.PROGRAMME_DECIDE),
    (695, _("专家评审"), "programme.my_reviews", Permission.EXPERT_REVIEW),
    (700, _("研修班"), "programme.seminars", Permission.SEMINAR_MANAGE),
    (700, _("研修班"), "programme.seminars", Permission.SEMINAR_RUN),
    (701, _("节假日安排"), "programme.working_calendar", Permission.SEMINAR_MANAGE),
    (705, _("研修班报名"), "programme.open_seminars", Permission.COURSE_ENROL),
    (706, _("我的研修班"), "programme.my_seminars", Permission.TRAINEE_SELF),
    (710, _("基地管理"), "programme.bases", Permission.BASE_MANAGE),
    (711, _("本基地"), "programme.own_base", Permission.BASE_REPORT),
    (720, _("公示异议"), "programme.managed_notices", Permission.PROGRAMME_DECIDE),
)


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    for entry in NAVIGATION:
        add_navigation(state, NavigationEntry(*entry))
    add_labels(state, SeminarState, SEMINAR_STATES)
    add_labels(state, BaseState, BASE_STATES)
    add_labels(state, ApplicationKind, KINDS)
    add_labels(state, Stage, STAGES)
    add_labels(state, AssessmentVerdict, VERDICTS)
    add_labels(state, ExchangeKind, EXCHANGES)
    add_labels(state, DocumentKind, DOCUMENT_KINDS)
    add_labels(state, ParticipantState, PARTICIPANT_STATES)
    add_labels(state, Tier, TIERS)
    add_labels(state, AccountCategory, ACCOUNT_CATEGORIES)


def viewer() -> Viewer:
    acting = staff()
    return Viewer(
        acting.organisation_id,
        region(),
        acting.may(Permission.PROGRAMME_RECOMMEND),
        acting.may(Permission.PROGRAMME_DECIDE),
    )


def seminar_viewer() -> SeminarViewer:
    return SeminarViewer(staff().organisation_id, region(), staff().may(Permission.SEMINAR_MANAGE))


def as_id(text: str) -> UUID:
    """Raises NotFound for what is no id."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("not_found") from None


def chosen_ids(name: str) -> list[UUID]:
    """The boxes of a name that were ticked. Raises NotFound for what is no id."""
    return [as_id(each) for each in request.form.getlist(name)]


def say_assigned(count: int) -> None:
    if count:
        flash(gettext("已安排%(count)s位专家", count=count))
    else:
        flash(gettext("没有新安排专家：请勾选尚未安排的专家"), "warning")


def chosen(kind: Any, name: str) -> Any:
    """The enum member that the address asks for, if it is one."""
    given = request.args.get(name, "")
    return kind(given) if given in {each.value for each in kind} else None
