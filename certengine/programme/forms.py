from flask_babel import lazy_gettext as _
from wtforms import DateField, DecimalField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from certengine.programme.models import BaseState, Tier
from certengine.web.forms import Form

TIERS = [(Tier.NATIONAL.value, _("国家级")), (Tier.PROVINCIAL.value, _("省级"))]
STANDINGS = [
    (BaseState.IN_GOOD_STANDING.value, _("正常")),
    (BaseState.PUT_RIGHT.value, _("限期整改")),
    (BaseState.REMOVED.value, _("撤销")),
]
NEEDED = InputRequired(_("请填写此项"))


class SeminarForm(Form):
    title = StringField(_("研修班名称"), [NEEDED, Length(max=160)])
    tier = SelectField(_("级别"), choices=TIERS)
    starts_on = DateField(_("开班日期"), [NEEDED])
    ends_on = DateField(_("结束日期"), [NEEDED])
    places = IntegerField(_("计划人数"), [NEEDED, NumberRange(1, 500)])
    fund = StringField(_("经费来源"), [NEEDED, Length(max=160)])
    token = HiddenField()


class DecisionForm(Form):
    opinion = TextAreaField(_("审核意见"), [NEEDED, Length(max=2000)])


class SummaryForm(Form):
    trained = IntegerField(_("实际培训人数"), [NEEDED, NumberRange(0, 5000)])
    satisfaction = DecimalField(_("满意度（百分制）"), [NEEDED, NumberRange(0, 100)], places=2)
    summary = TextAreaField(_("总结"), [NEEDED, Length(max=20000)])


class ReportForm(Form):
    trained = IntegerField(_("本年度培训人数"), [NEEDED, NumberRange(0, 10_000_000)])
    seminars = IntegerField(_("承办研修班数"), [NEEDED, NumberRange(0, 10_000)])
    courses = IntegerField(_("开发课程数"), [NEEDED, NumberRange(0, 10_000)])
    summary = TextAreaField(_("年度总结"), [NEEDED, Length(max=40000)])
    plan = TextAreaField(_("下一年度计划"), [NEEDED, Length(max=40000)])


class StandingForm(Form):
    state = SelectField(_("状态"), choices=STANDINGS)
    reason = TextAreaField(_("原因"), [NEEDED, Length(max=2000)])
