from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from certengine.people.forms import DOCUMENTS
from certengine.standards.names import field_choices
from certengine.training.forms import LEVELS
from certengine.training.pages import ENVIRONMENTS
from certengine.web.forms import DateField, Form

NEEDED = InputRequired(_("请填写此项"))


class TeacherForm(Form):
    name = StringField(_("姓名"), [NEEDED, Length(max=60)])
    title = StringField(_("职称"), [Length(max=80)])
    qualification = StringField(_("资格（证书名称与编号）"), [NEEDED, Length(max=200)])
    fields = SelectMultipleField(_("可授领域"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    qualified_until = DateField(_("资格有效期至（长期有效不填）"), [Optional()])

    def offer(self) -> None:
        self.fields.choices = field_choices()


class EnvironmentForm(Form):
    name = StringField(_("名称"), [NEEDED, Length(max=80)])
    kind = SelectField(_("类型"), choices=[(each.value, text) for each, text in ENVIRONMENTS.items()])
    seats = IntegerField(_("座位数或并发数"), [NEEDED, NumberRange(1, 100_000)])
    hardware = TextAreaField(_("硬件"), [Length(max=2000)])
    software = TextAreaField(_("软件"), [Length(max=2000)])


class PlanForm(Form):
    title = StringField(_("计划名称"), [NEEDED, Length(max=120)])
    field = SelectField(_("领域"))
    level = SelectField(_("等级"), choices=LEVELS)
    token = HiddenField()

    def offer(self) -> None:
        self.field.choices = field_choices()


class FileForm(Form):
    file = FileField(_("文件（PDF、JPEG、PNG 或 Office 文件）"), [FileRequired(_("请选择文件"))])


class ScanForm(Form):
    document_type = SelectField(_("证件类型"), choices=DOCUMENTS)
    number = StringField(_("证件号码"), [NEEDED, Length(max=40)])
