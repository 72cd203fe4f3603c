from flask_babel import lazy_gettext as _
from wtforms import DecimalField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange
from wtforms.widgets import CheckboxInput, ListWidget

from certengine.people.forms import DOCUMENTS
from certengine.standards.names import field_choices
from certengine.standards.rules import Level
from certengine.training.models import LessonMode
from certengine.web.forms import ChinaTimeField, Form

LEVELS = [(Level.JUNIOR.value, _("初级")), (Level.INTERMEDIATE.value, _("中级")), (Level.SENIOR.value, _("高级"))]
MODES = [(LessonMode.ONLINE.value, _("线上")), (LessonMode.ON_SITE.value, _("线下"))]


class ClassForm(Form):
    title = StringField(_("班级名称"), [InputRequired(_("请填写班级名称")), Length(max=120)])
    field = SelectField(_("领域"))
    level = SelectField(_("等级"), choices=LEVELS)
    plan = SelectField(_("培训计划"), validate_choice=False)
    assessor = SelectField(_("结业考核由谁组织"), validate_choice=False)
    token = HiddenField()

    def offer_fields(self) -> None:
        self.field.choices = field_choices()


class LessonForm(Form):
    topic = StringField(_("内容"), [InputRequired(_("请填写授课内容")), Length(max=120)])
    teacher_id = SelectField(_("教师"), validate_choice=False)
    teacher = StringField(_("或填写教师姓名"), [Length(max=60)])
    environment_id = SelectField(_("场地或平台"), validate_choice=False)
    address = StringField(_("线上地址"), [Length(max=200)])
    tasks = SelectMultipleField(
        _("对应计划中的工作任务"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    mode = SelectField(_("方式"), choices=MODES)
    starts_at = ChinaTimeField(_("开始时间"), [InputRequired(_("请填写开始时间"))])
    ends_at = ChinaTimeField(_("结束时间"), [InputRequired(_("请填写结束时间"))])


class EnrolForm(Form):
    name = StringField(_("姓名"), [InputRequired(_("请填写姓名")), Length(max=120)])
    document_type = SelectField(_("证件类型"), choices=DOCUMENTS)
    number = StringField(_("证件号码"), [InputRequired(_("请填写证件号码")), Length(max=40)])


class AttendanceForm(Form):
    came_at = ChinaTimeField(_("到达"), [InputRequired(_("请填写到达时间"))])
    left_at = ChinaTimeField(_("离开"), [InputRequired(_("请填写离开时间"))])
    reason = TextAreaField(_("更正原因"), [Length(max=400)])


class AssessmentForm(Form):
    score = DecimalField(_("结业考核成绩"), [InputRequired(_("请填写成绩")), NumberRange(0, 100)], places=2)
