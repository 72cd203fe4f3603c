from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DecimalField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from certengine.people.forms import DOCUMENTS
from certengine.programme.pages import ACCOUNT_CATEGORIES, EXCHANGES, TIERS, VERDICTS
from certengine.web.forms import ChinaTimeField, DateField, Form

NEEDED = InputRequired(_("请填写此项"))
LONG = Length(max=20_000)


class StatementForm(Form):
    conditions = TextAreaField(_("条件与设施"), [NEEDED, LONG])
    staff = TextAreaField(_("师资或考评队伍"), [NEEDED, LONG])
    record = TextAreaField(_("工作基础与业绩"), [NEEDED, LONG])
    plan = TextAreaField(_("工作计划"), [NEEDED, LONG])

    def statement(self) -> dict[str, str]:
        return {name: (self[name].data or "").strip() for name in ("conditions", "staff", "record", "plan")}


class ApplicationForm(StatementForm):
    recommender = SelectField(_("推荐单位"))
    national = BooleanField(_("申报国家级"))
    fields = SelectMultipleField(_("领域"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    # Only one kind asks for it; what comes is looked up among the applicant's own.
    course = SelectField(_("参加遴选的课程"), validate_choice=False)
    token = HiddenField()


class ProofForm(Form):
    file = FileField(_("证明材料（PDF、JPEG、PNG 或 Office 文件）"), [FileRequired(_("请选择文件"))])


class RecommendationForm(Form):
    decision = RadioField(
        _("推荐意见"),
        choices=[("recommended", _("推荐")), ("returned", _("退回补充")), ("refused", _("不推荐"))],
        validators=[NEEDED],
    )
    text = TextAreaField(_("说明"), [NEEDED, Length(max=4000)])


class PublishForm(Form):
    title = StringField(_("公示标题"), [NEEDED, Length(max=200)])
    text = TextAreaField(_("公示内容"), [NEEDED, LONG])
    days = IntegerField(_("公示天数"), [NEEDED, NumberRange(1, 60)])


class NoticeForm(Form):
    title = StringField(_("通知标题"), [NEEDED, Length(max=200)])
    text = TextAreaField(_("通知内容"), [NEEDED, LONG])


class DecisionForm(Form):
    opinion = TextAreaField(_("审核意见"), [NEEDED, Length(max=2000)])


class ObjectionForm(Form):
    name = StringField(_("姓名或单位"), [NEEDED, Length(max=120)])
    contact = StringField(_("联系方式"), [NEEDED, Length(max=120)])
    text = TextAreaField(_("异议内容"), [NEEDED, Length(max=4000)])


class ObjectionAnswerForm(Form):
    upheld = RadioField(_("处理结果"), choices=[("yes", _("异议成立")), ("no", _("异议不成立"))], validators=[NEEDED])
    answer = TextAreaField(_("处理说明"), [NEEDED, Length(max=4000)])


class SeminarForm(Form):
    title = StringField(_("研修班名称"), [NEEDED, Length(max=160)])
    tier = SelectField(_("级别"), choices=[(tier.value, text) for tier, text in TIERS.items()])
    host = SelectField(_("承办单位"))
    starts_on = DateField(_("开班日期"), [NEEDED])
    ends_on = DateField(_("结束日期"), [NEEDED])
    places = IntegerField(_("计划人数"), [NEEDED, NumberRange(1, 500)])
    content = TextAreaField(_("研修内容与课程安排"), [NEEDED, LONG])
    fund = StringField(_("经费来源"), [NEEDED, Length(max=160)])
    budget = DecimalField(_("经费预算（元）"), [NEEDED, NumberRange(0, 10_000_000)], places=2)
    token = HiddenField()


class MinistryForm(Form):
    approved = RadioField(_("部委批复"), choices=[("yes", _("同意举办")), ("no", _("未列入计划"))], validators=[NEEDED])
    reference = StringField(_("批复文号"), [NEEDED, Length(max=120)])


class SessionForm(Form):
    topic = StringField(_("专题"), [NEEDED, Length(max=160)])
    speaker = StringField(_("主讲人"), [NEEDED, Length(max=120)])
    place = StringField(_("地点"), [NEEDED, Length(max=120)])
    starts_at = ChinaTimeField(_("开始时间"), [NEEDED])
    ends_at = ChinaTimeField(_("结束时间"), [NEEDED])


class ParticipantForm(Form):
    name = StringField(_("姓名"), [NEEDED, Length(max=120)])
    document_type = SelectField(_("证件类型"), choices=DOCUMENTS)
    number = StringField(_("证件号码"), [NEEDED, Length(max=40)])
    employer = StringField(_("工作单位"), [Length(max=120)])
    post = StringField(_("职称或职务"), [Length(max=80)])


class SignInForm(Form):
    document_type = SelectField(_("证件类型"), choices=DOCUMENTS)
    number = StringField(_("证件号码"), [NEEDED, Length(max=40)])


MARKS = [(str(mark), str(mark)) for mark in range(5, 0, -1)]


class FeedbackForm(Form):
    content = RadioField(_("研修内容"), choices=MARKS, validators=[NEEDED])
    teaching = RadioField(_("授课水平"), choices=MARKS, validators=[NEEDED])
    organisation = RadioField(_("组织服务"), choices=MARKS, validators=[NEEDED])
    remark = TextAreaField(_("意见和建议"), [Length(max=2000)])


class AccountLineForm(Form):
    category = SelectField(_("类别"), choices=[(each.value, text) for each, text in ACCOUNT_CATEGORIES.items()])
    amount = DecimalField(_("金额（元）"), [NEEDED, NumberRange(0, 10_000_000)], places=2)
    note = StringField(_("说明"), [Length(max=200)])
    voucher = FileField(_("凭证（可选，PDF、JPEG、PNG 或 Office 文件）"))
    token = HiddenField()


class CalendarForm(Form):
    first = DateField(_("日期"), [NEEDED])
    last = DateField(_("至（只有一天时不填）"), [Optional()])
    working = RadioField(_("安排"), choices=[("no", _("放假")), ("yes", _("上班"))], validators=[NEEDED])
    name = StringField(_("名称"), [NEEDED, Length(max=60)])


class SummaryForm(Form):
    summary = TextAreaField(_("总结"), [NEEDED, LONG])


class ReportForm(Form):
    trained = IntegerField(_("本年度培训人数"), [NEEDED, NumberRange(0, 10_000_000)])
    seminars = IntegerField(_("承办研修班数"), [NEEDED, NumberRange(0, 10_000)])
    courses = IntegerField(_("开发课程数"), [NEEDED, NumberRange(0, 10_000)])
    summary = TextAreaField(_("年度总结"), [NEEDED, Length(max=40000)])
    plan = TextAreaField(_("下一年度计划"), [NEEDED, Length(max=40000)])


class StandingForm(Form):
    act = RadioField(_("处理"), validators=[NEEDED])
    until = DateField(_("整改期限（限期整改时填写）"), [Optional()])
    reason = TextAreaField(_("原因"), [NEEDED, Length(max=2000)])


class AssessmentForm(Form):
    verdict = RadioField(
        _("考核结论"), choices=[(each.value, text) for each, text in VERDICTS.items()], validators=[NEEDED]
    )
    opinion = TextAreaField(_("考核意见"), [NEEDED, Length(max=4000)])


class ExchangeForm(Form):
    kind = SelectField(_("类别"), choices=[(kind.value, text) for kind, text in EXCHANGES.items()])
    title = StringField(_("名称"), [NEEDED, Length(max=160)])
    text = TextAreaField(_("说明"), [NEEDED, Length(max=4000)])
    token = HiddenField()


class ExchangeRequestForm(Form):
    text = TextAreaField(_("申请说明"), [NEEDED, Length(max=2000)])
