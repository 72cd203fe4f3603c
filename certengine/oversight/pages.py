"""What the room's pages share: the blueprint, its navigation and labels, who acts and for which region."""

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from flask_babel import lazy_gettext as _

from certengine.foundation.errors import NotAllowed
from certengine.ledger.views import add_entry_kinds
from certengine.oversight.inspection_models import ComplaintState, FindingState, InspectionState, Severity
from certengine.oversight.kinds import KINDS
from certengine.people import regions
from certengine.people.actors import region
from certengine.people.designation_models import DesignationKind, DesignationState
from certengine.people.permissions import Permission
from certengine.web.layout import NavigationEntry, add_labels, add_navigation

blueprint = Blueprint("oversight", __name__)

DESIGNATIONS = {DesignationKind.TRAINING: _("培训机构"), DesignationKind.EVALUATION: _("评价机构")}
DESIGNATION_STATES = {
    DesignationState.IN_FORCE: _("有效"),
    DesignationState.SUSPENDED: _("已暂停"),
    DesignationState.ENDED: _("已终止"),
}
INSPECTION_STATES = {
    InspectionState.PLANNED: _("待检查"),
    InspectionState.CORRECTING: _("整改中"),
    InspectionState.CLOSED: _("已办结"),
}
SEVERITIES = {Severity.MINOR: _("一般"), Severity.MAJOR: _("较重"), Severity.CRITICAL: _("严重")}
FINDING_STATES = {
    FindingState.OPEN: _("待整改"),
    FindingState.CORRECTED: _("已整改，待核实"),
    FindingState.ACCEPTED: _("已核实"),
}
COMPLAINT_STATES = {
    ComplaintState.RECEIVED: _("已收到"),
    ComplaintState.TAKEN: _("办理中"),
    ComplaintState.ANSWERED: _("已答复"),
}
NAVIGATION = (
    (100, _("监督概览"), "oversight.overview", Permission.OVERSIGHT_READ),
    (110, _("统计"), "oversight.dashboard", Permission.OVERSIGHT_READ),
    (120, _("机构认定"), "oversight.designations", Permission.INSPECTION_MANAGE),
    (130, _("监督检查"), "oversight.inspections", Permission.INSPECTION_MANAGE),
    (140, _("投诉"), "oversight.complaints", Permission.INSPECTION_MANAGE),
    (730, _("检查与整改"), "oversight.own_inspections", Permission.INSPECTION_ANSWER),
    (900, _("个人信息"), "oversight.person_data", Permission.PERSON_DATA),
    (905, _("我的数据"), "oversight.my_data", Permission.TRAINEE_SELF),
    (910, _("操作日志"), "oversight.audit", Permission.AUDIT_READ),
)


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    add_entry_kinds(KINDS)
    for entry in NAVIGATION:
        add_navigation(state, NavigationEntry(*entry))
    add_labels(state, DesignationKind, DESIGNATIONS)
    add_labels(state, DesignationState, DESIGNATION_STATES)
    add_labels(state, InspectionState, INSPECTION_STATES)
    add_labels(state, Severity, SEVERITIES)
    add_labels(state, FindingState, FINDING_STATES)
    add_labels(state, ComplaintState, COMPLAINT_STATES)


def must_be_provincial() -> str:
    """The province's code. Raises NotAllowed for a city's department."""
    own = region()
    if not regions.is_provincial(own):
        raise NotAllowed("oversight.province_only")
    return own
