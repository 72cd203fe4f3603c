from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from certengine.web.forms import DateField, Form

OPTION_LETTERS = "abcdefgh"
MATCH_LETTERS = "pqrstuvw"


class ItemForm(Form):
    """The columns of the spreadsheet as a form; parsing and its problems are the same."""

    type = SelectField(_("题型"))
    outline = SelectField(_("大纲考核点"))
    cognition = SelectField(_("认知层次"))
    difficulty = StringField(_("难度（-3 到 3，越大越难）"), [Length(max=10)], default="0")
    directions = StringField(_("职业方向代号（通用试题留空，多个用逗号分开）"), [Length(max=200)])
    stem = TextAreaField(_("题干"), [InputRequired(_("请填写题干")), Length(max=20000)])
    answer = TextAreaField(_("答案"), [Length(max=20000)])
    fixed = StringField(_("固定在最后的选项字母"), [Length(max=20)])
    points_of_answer = TextAreaField(_("采分点"), [Length(max=20000)])
    rationale = TextAreaField(_("解析"), [Length(max=20000)])
    reference = StringField(_("依据"), [Length(max=500)])
    enemies = StringField(_("互斥题编号（不能同卷，多个用逗号分开）"), [Length(max=500)])


for _letter in OPTION_LETTERS:
    setattr(ItemForm, f"option_{_letter}", TextAreaField(f"{_letter.upper()}", [Length(max=5000)]))
for _letter in MATCH_LETTERS:
    setattr(ItemForm, f"match_{_letter}", StringField(f"{_letter.upper()}", [Length(max=5000)]))


class YamlForm(Form):
    """Families and practical tasks are edited as the bank file spells them."""

    text = TextAreaField(_("内容（YAML）"), [InputRequired(_("请填写内容")), Length(max=100000)])


class TaskForm(Form):
    assignee = SelectField(_("命题员"), [InputRequired(_("请选择命题员"))])
    outline = SelectField(_("大纲"))
    type = SelectField(_("题型"))
    wanted = IntegerField(_("数量"), [InputRequired(_("请填写数量"))])
    due_on = DateField(_("截止日期"), [InputRequired(_("请填写截止日期"))])
    note = StringField(_("说明"), [Length(max=500)])


class UploadForm(Form):
    file = FileField(_("文件"), [FileRequired(_("请选择文件"))])
    format = SelectField(
        _("格式"),
        choices=[
            ("auto", _("自动识别")),
            ("xlsx", "Excel"),
            ("yaml", "YAML"),
            ("gift", "GIFT (Moodle)"),
            ("moodle-xml", "Moodle XML"),
            ("qti", "QTI"),
        ],
    )


class ConfirmForm(Form):
    sha256 = HiddenField()
    filename = HiddenField()
    format = HiddenField()
    mode = RadioField(
        _("有误时"),
        choices=[("whole", _("整个文件都不导入")), ("good", _("只导入无误的行"))],
        default="whole",
    )
