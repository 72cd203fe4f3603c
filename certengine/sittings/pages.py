"""What the room's pages share: the blueprint, its labels, and whose pages they are."""

from uuid import UUID

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from flask_babel import lazy_gettext as _

from certengine.people.forms import DOCUMENT_NAMES
from certengine.people.models import DocumentType, Sex
from certengine.people.permissions import Permission
from certengine.sittings.forms import CONFLICTS, LEVELS, PARTS, PROOFS
from certengine.sittings.models import ApplicationState, ConflictKind, RegistrationState, SittingState
from certengine.sittings.proof_rules import ProofKind
from certengine.standards.rules import Level, Part
from certengine.web.access import current_actor
from certengine.web.layout import NavigationEntry, add_labels, add_navigation

blueprint = Blueprint("sittings", __name__)


DECISIONS = {
    ApplicationState.SUBMITTED: _("待审核"),
    ApplicationState.RETURNED: _("退回补正"),
    ApplicationState.ACCEPTED: _("已通过"),
    ApplicationState.WAITING: _("候补"),
    ApplicationState.REFUSED: _("未通过"),
    ApplicationState.WITHDRAWN: _("已撤回"),
}


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    add_labels(state, Level, LEVELS)
    add_labels(state, Part, PARTS)
    add_labels(state, SittingState, {SittingState.PLANNED: _("筹备中"), SittingState.DRAWN: _("已组卷")})
    states = {RegistrationState.REGISTERED: _("已报名"), RegistrationState.WITHDRAWN: _("已取消")}
    add_labels(state, RegistrationState, states)
    add_labels(state, ApplicationState, DECISIONS)
    add_labels(state, Sex, {Sex.MALE: _("男"), Sex.FEMALE: _("女")})
    add_labels(state, DocumentType, DOCUMENT_NAMES)
    add_labels(state, ConflictKind, CONFLICTS)
    add_labels(state, ProofKind, PROOFS)
    for permission in (Permission.ROOM_PROCTOR, Permission.MARK_ENTER, Permission.SITTING_PLAN):
        add_navigation(state, NavigationEntry(420, _("利益冲突"), "sittings.conflicts", permission))
    for permission in (Permission.SITTING_PLAN, Permission.PAPER_DRAW):
        add_navigation(state, NavigationEntry(200, _("考务"), "sittings.sittings", permission))
    entry = NavigationEntry(330, _("集体报名"), "sittings.group_plans", Permission.APPLICATION_LIST)
    add_navigation(state, entry)


def organisation() -> UUID:
    return current_actor().organisation_id  # type: ignore[union-attr,no-any-return]


def may(permission: Permission) -> bool:
    acting = current_actor()
    return acting is not None and acting.may(permission)


def actor() -> str:
    acting = current_actor()
    assert acting is not None
    return acting.id
