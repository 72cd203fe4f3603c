from flask_babel import lazy_gettext as _
from wtforms import HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from certengine.proctoring.models import IncidentKind
from certengine.web.forms import Form

INCIDENT_KINDS = {
    IncidentKind.EQUIPMENT: _("设备故障"),
    IncidentKind.HEALTH: _("身体不适"),
    IncidentKind.LATE: _("迟到"),
    IncidentKind.IDENTITY: _("身份疑问"),
    IncidentKind.SUSPICION: _("违纪嫌疑"),
    IncidentKind.ORDER: _("考场秩序"),
    IncidentKind.OTHER: _("其他"),
}


class ReasonForm(Form):
    reason = StringField(_("原因"), [InputRequired(_("请填写原因")), Length(max=200)])


class ExtendForm(ReasonForm):
    minutes = IntegerField(_("延长（分钟）"), [InputRequired(_("请填写分钟数")), NumberRange(1, 120)], default=10)


class IncidentForm(Form):
    kind = SelectField(_("类别"), choices=[(kind.value, text) for kind, text in INCIDENT_KINDS.items()])
    registration_id = SelectField(_("考生"), choices=[], validate_choice=False)
    text = TextAreaField(_("情况"), [InputRequired(_("请写明情况")), Length(max=2000)])
    token = HiddenField()
