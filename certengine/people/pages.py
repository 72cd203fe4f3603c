"""What the room's pages share: the blueprint and its labels."""

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from flask_babel import lazy_gettext as _

from certengine.people import actors
from certengine.people.models import OrganisationKind
from certengine.people.permissions import Permission, Role
from certengine.web.layout import NavigationEntry, add_labels, add_navigation

blueprint = Blueprint("people", __name__)

ROLE_NAMES = {
    Role.ADMINISTRATOR: _("系统管理员"),
    Role.ITEM_AUTHOR: _("命题员"),
    Role.ITEM_REVIEWER: _("审题员"),
    Role.PAPER_MAKER: _("组卷员"),
    Role.EXAM_OFFICER: _("考务员"),
    Role.PROCTOR: _("监考员"),
    Role.EXAMINER: _("考评员"),
    Role.ISSUER: _("证书管理员"),
    Role.TRAINING_OFFICER: _("培训管理员"),
    Role.SUPERVISOR: _("监督员"),
    Role.TRAINEE: _("学员"),
    Role.EMPLOYER: _("用人单位"),
    Role.EXPERT: _("评审专家"),
    Role.INDUSTRY_OFFICER: _("行业主管部门"),
    Role.DATA_OFFICER: _("个人信息保护负责人"),
}
ORGANISATION_KINDS = {
    OrganisationKind.DEPARTMENT: _("人力资源社会保障部门"),
    OrganisationKind.EVALUATION_INSTITUTION: _("评价机构"),
    OrganisationKind.TRAINING_INSTITUTION: _("培训机构"),
    OrganisationKind.BASE: _("继续教育基地"),
    OrganisationKind.EMPLOYER: _("用人单位"),
    OrganisationKind.INDUSTRY_AUTHORITY: _("行业主管部门"),
}


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    state.app.extensions["actor_loader"] = actors.load
    add_labels(state, Role, ROLE_NAMES)
    add_labels(state, OrganisationKind, ORGANISATION_KINDS)
    for permission in (Permission.BASE_REPORT, Permission.SEMINAR_RUN):
        add_navigation(state, NavigationEntry(890, _("提醒"), "people.messages", permission))
    add_navigation(state, NavigationEntry(900, _("账号"), "people.accounts", Permission.ACCOUNTS_MANAGE))
