"""The blueprint and what its views share."""

from typing import Any, cast
from uuid import UUID

from flask import Blueprint, request
from flask.blueprints import BlueprintSetupState
from flask_babel import lazy_gettext as _

from certengine.bank import service
from certengine.bank.bulk import Act
from certengine.bank.importing import Action
from certengine.bank.models import Bank, ItemStatus, VersionState
from certengine.bank.rules import Cognition, ItemType, Kind
from certengine.foundation.errors import NotFound
from certengine.people.actors import Staff, staff
from certengine.people.permissions import Permission
from certengine.standards import service as standards
from certengine.standards.rules import Level, Standard
from certengine.web.access import current_actor
from certengine.web.layout import NavigationEntry, add_labels, add_navigation
from certengine.web.request import session

blueprint = Blueprint("bank", __name__)

LEVELS = {Level.JUNIOR: _("初级"), Level.INTERMEDIATE: _("中级"), Level.SENIOR: _("高级")}
TYPES = {
    ItemType.SINGLE: _("单选题"),
    ItemType.MULTIPLE: _("多选题"),
    ItemType.JUDGEMENT: _("判断题"),
    ItemType.FILL_IN: _("填空题"),
    ItemType.ORDERING: _("排序题"),
    ItemType.MATCHING: _("匹配题"),
    ItemType.SHORT_ANSWER: _("简答题"),
    ItemType.CASE: _("案例题"),
}
COGNITION = {Cognition.KNOWS: _("了解"), Cognition.UNDERSTANDS: _("理解"), Cognition.APPLIES: _("应用")}
STATUS = {
    ItemStatus.DRAFT: _("草稿"),
    ItemStatus.PILOT: _("试测中"),
    ItemStatus.LIVE: _("已审可用"),
    ItemStatus.RETIRED: _("已停用"),
}
STATES = {
    VersionState.PROPOSED: _("待审"),
    VersionState.APPROVED: _("通过"),
    VersionState.REJECTED: _("退回"),
    VersionState.WITHDRAWN: _("撤回"),
}
# The top keys of an entry's content, for a comparison.
KEYS = {
    "type": _("题型"),
    "outline": _("大纲"),
    "directions": _("方向"),
    "cognition": _("认知层次"),
    "difficulty": _("难度"),
    "discrimination": _("区分度"),
    "guessing": _("猜测参数"),
    "stem": _("题干"),
    "options": _("选项"),
    "matches": _("右项"),
    "key": _("答案"),
    "blanks": _("填空"),
    "points_of_answer": _("采分点"),
    "model_answer": _("参考答案"),
    "fixed": _("固定在最后的选项"),
    "enemies": _("互斥题"),
    "rationale": _("解析"),
    "reference": _("依据"),
    "parts": _("小题"),
    "template": _("模板"),
    "title": _("标题"),
    "minutes": _("时长"),
    "scenario": _("任务背景"),
    "materials": _("材料"),
    "environment": _("环境"),
    "deliverables": _("提交物"),
    "rubric": _("评分标准"),
    "reference_solution": _("参考解答"),
}
KINDS = {Kind.ITEM: _("试题"), Kind.FAMILY: _("参数化试题"), Kind.PRACTICAL: _("实操题")}
ACTIONS = {
    Action.ADD: _("新增"),
    Action.PROPOSE: _("新版本"),
    Action.UNCHANGED: _("未变"),
    Action.DUPLICATE: _("重复，略过"),
    Action.REFUSE: _("有误，不导入"),
}
ACTS = {
    Act.OUTLINE: _("改大纲考核点"),
    Act.COGNITION: _("改认知层次"),
    Act.DIFFICULTY: _("改难度"),
    Act.RETIRE: _("停用"),
    Act.RESTORE: _("恢复"),
}
USES = {"unused": _("未使用过"), "used": _("使用过"), "poor": _("统计指标不良")}
BANDS = {
    "very_easy": _("易"),
    "easy": _("较易"),
    "medium": _("中"),
    "hard": _("较难"),
    "very_hard": _("难"),
}


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    for kind, texts in (
        (Level, LEVELS),
        (ItemType, TYPES),
        (Cognition, COGNITION),
        (ItemStatus, STATUS),
        (VersionState, STATES),
        (Kind, KINDS),
        (Action, ACTIONS),
        (Act, ACTS),
    ):
        add_labels(state, cast(Any, kind), texts)
    add_navigation(state, NavigationEntry(100, _("题库"), "bank.banks", Permission.BANK_READ))


@blueprint.context_processor
def held() -> dict[str, Any]:
    """The names of what the actor may do, so that a page offers nothing that would be refused."""
    actor = current_actor()
    # The room's error pages are shown to whoever is not signed in, too.
    return {"held": {each.name for each in actor.permissions} if isinstance(actor, Staff) else set()}


def own_bank(bank_id: UUID) -> Bank:
    return service.bank(session(), bank_id, staff().organisation_id)


def standard_of(bank: Bank) -> Standard:
    return standards.standard(bank.field)


def type_word(value: str) -> Any:
    """The word for a row's type, which may be a practical task's."""
    return KINDS[Kind.PRACTICAL] if value == Kind.PRACTICAL.value else TYPES[ItemType(value)]


def filters_of_request() -> service.Filters:
    """What the address narrows the list to. Raises NotFound for a status that is none."""
    chosen = {key: request.args.get(key, "") for key in ("outline", "type", "cognition", "status", "difficulty", "use")}
    if chosen["status"] not in {"", VersionState.PROPOSED.value, *(each.value for each in ItemStatus)}:
        raise NotFound("not_found")
    words, author = request.args.get("q", "").strip()[:100], request.args.get("author", "")
    return service.Filters(words=words, author=author, **chosen)


def context(bank: Bank, tab: str, **more: Any) -> dict[str, Any]:
    """What every page of one bank shows."""
    return {"bank": bank, "level": Level(bank.level), "standard": standard_of(bank), "tab": tab, **more}
