from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from certengine.oversight.pages import SEVERITIES
from certengine.people.forms import DOCUMENTS
from certengine.web.forms import DateField, Form

NEEDED = InputRequired(_("请填写此项"))
LONG = Length(max=20_000)


class StepForm(Form):
    act = RadioField(_("处理"), validators=[NEEDED])
    reason = TextAreaField(_("原因"), [NEEDED, Length(max=2000)])


class RoundForm(Form):
    title = StringField(_("检查名称"), [NEEDED, Length(max=160)])
    kind = SelectField(_("机构类型"))
    count = IntegerField(_("抽取数量"), [NEEDED, NumberRange(1, 500)])
    token = HiddenField()


class VisitForm(Form):
    planned_on = DateField(_("检查日期"), [NEEDED])
    inspectors = StringField(_("检查人员（至少两名，用顿号分隔）"), [NEEDED, Length(max=200)])


class FindingForm(Form):
    text = TextAreaField(_("发现的问题"), [NEEDED, Length(max=4000)])
    severity = SelectField(_("程度"), choices=[(each.value, text) for each, text in SEVERITIES.items()])
    due_on = DateField(_("整改期限"), [NEEDED])


class VisitReportForm(Form):
    report = TextAreaField(_("检查报告"), [NEEDED, LONG])


class CorrectionForm(Form):
    correction = TextAreaField(_("整改情况"), [NEEDED, Length(max=4000)])
    file = FileField(_("证明材料（PDF、JPEG、PNG 或 Office 文件）"))


class ComplaintForm(Form):
    organisation = SelectField(_("被投诉机构（可不选）"), validate_choice=False)
    about = StringField(_("事由"), [NEEDED, Length(max=160)])
    text = TextAreaField(_("投诉内容"), [NEEDED, LONG])
    name = StringField(_("姓名（可不填）"), [Length(max=120)])
    contact = StringField(_("联系方式（可不填）"), [Length(max=120)])


class AnswerForm(Form):
    answer = TextAreaField(_("答复"), [NEEDED, LONG])


class PersonForm(Form):
    document_type = SelectField(_("证件类型"), choices=DOCUMENTS)
    number = StringField(_("证件号码"), [NEEDED, Length(max=40)])


class EraseForm(Form):
    reason = TextAreaField(_("删除依据（例如本人申请的日期与文号）"), [NEEDED, Length(max=2000)])
