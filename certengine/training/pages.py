"""What the room's pages share: the blueprint, its navigation and labels, who acts."""

from uuid import UUID

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from flask_babel import lazy_gettext as _

from certengine.foundation.errors import Conflict
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.standards.rules import Level
from certengine.training.course_models import CourseState, Subject, UnitKind, Way
from certengine.training.models import LessonMode
from certengine.training.teaching_models import EnvironmentKind
from certengine.web.layout import NavigationEntry, add_labels, add_navigation

blueprint = Blueprint("training", __name__)

SUBJECTS = {Subject.GENERAL: _("公需科目"), Subject.PROFESSIONAL: _("专业科目")}
ENVIRONMENTS = {
    EnvironmentKind.CLASSROOM: _("教室"),
    EnvironmentKind.LABORATORY: _("实训室"),
    EnvironmentKind.PLATFORM: _("线上平台"),
}
STATES = {
    CourseState.DRAFT: _("草稿"),
    CourseState.SUBMITTED: _("待审核"),
    CourseState.REVIEWED: _("审核通过，待发布"),
    CourseState.PUBLISHED: _("已发布"),
    CourseState.WITHDRAWN: _("已撤下"),
}
UNIT_KINDS = {UnitKind.VIDEO: _("视频"), UnitKind.DOCUMENT: _("文档")}
WAYS = {
    Way.COURSE: _("网络课程"),
    Way.TRAINING_CLASS: _("培训班"),
    Way.SEMINAR: _("高级研修班"),
    Way.PRACTICE: _("实践"),
    Way.DISTANCE: _("远程教育"),
    Way.CONFERENCE: _("学术会议"),
}
LEVEL_NAMES = {Level.JUNIOR: _("初级"), Level.INTERMEDIATE: _("中级"), Level.SENIOR: _("高级")}
NAVIGATION = (
    (600, _("培训班"), "training.classes", Permission.TRAINING_MANAGE),
    (645, _("我的培训班"), "training.my_classes", Permission.TRAINEE_SELF),
    (610, _("课程管理"), "training.courses", Permission.COURSE_MANAGE),
    (610, _("课程管理"), "training.courses", Permission.COURSE_REVIEW),
    (620, _("继续教育统计"), "training.course_statistics", Permission.COURSE_REVIEW),
    (630, _("单位学员"), "training.organisation_people", Permission.COURSE_ENROL),
    (640, _("课程目录"), "training.catalogue", Permission.TRAINEE_SELF),
    (650, _("我的学时"), "training.my_hours", Permission.TRAINEE_SELF),
)


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    for entry in NAVIGATION:
        add_navigation(state, NavigationEntry(*entry))
    add_labels(state, LessonMode, {LessonMode.ONLINE: _("线上"), LessonMode.ON_SITE: _("线下")})
    add_labels(state, Subject, SUBJECTS)
    add_labels(state, CourseState, STATES)
    add_labels(state, UnitKind, UNIT_KINDS)
    add_labels(state, Way, WAYS)
    add_labels(state, EnvironmentKind, ENVIRONMENTS)


def learner() -> UUID:
    """The person behind the account. Raises Conflict where there is none."""
    person_id = staff().person_id
    if person_id is None:
        raise Conflict("course.no_person")
    return person_id
