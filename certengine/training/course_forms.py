from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DecimalField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from certengine.people.forms import DOCUMENTS
from certengine.standards.names import field_choices
from certengine.standards.rules import Level
from certengine.training.course_models import Course, Subject, UnitKind
from certengine.training.course_rules import MOST_HOURS
from certengine.training.courses import CourseFacts
from certengine.training.forms import LEVELS
from certengine.training.pages import SUBJECTS, UNIT_KINDS
from certengine.training.quiz_sources import Offer
from certengine.web.forms import Form

NEEDED = InputRequired(_("请填写此项"))


class CourseForm(Form):
    title = StringField(_("课程名称"), [NEEDED, Length(max=120)])
    summary = TextAreaField(_("简介"), [Length(max=2000)])
    subject = SelectField(_("科目"), choices=[(each.value, text) for each, text in SUBJECTS.items()])
    field = SelectField(_("领域（专业科目）"))
    level = SelectField(_("等级"), choices=[("", _("不分等级")), *LEVELS])
    hours = DecimalField(_("学时"), [NEEDED, NumberRange(0, MOST_HOURS)], places=1)
    in_order = BooleanField(_("首次学习须按顺序，不能快进"), default=True)
    quiz_items = IntegerField(_("测验题数（0为不设测验）"), [Optional(), NumberRange(0, 100)], default=0)
    quiz_pass = IntegerField(_("测验合格线（百分制）"), [Optional(), NumberRange(1, 100)], default=60)
    quiz_attempts = IntegerField(_("测验次数"), [Optional(), NumberRange(1, 20)], default=3)
    quiz_source = SelectField(_("测验试题来源"))
    token = HiddenField()

    def offer(self, offers: list[Offer]) -> None:
        self.field.choices = [("", _("无（公需科目）")), *field_choices()]
        self.quiz_source.choices = [
            ("", _("本课程自带的单选题")),
            *((each.reference, each.label) for each in offers),
        ]

    def fill(self, course: Course) -> None:
        for name in ("title", "summary", "field", "hours", "in_order", "quiz_items", "quiz_pass", "quiz_attempts"):
            self[name].data = getattr(course, name)
        self.subject.data, self.quiz_source.data = course.subject.value, course.quiz_source
        self.level.data = course.level.value if course.level else ""

    def facts(self) -> CourseFacts:
        return CourseFacts(
            title=self.title.data.strip(),
            summary=(self.summary.data or "").strip(),
            subject=Subject(self.subject.data),
            field=self.field.data,
            level=Level(self.level.data) if self.level.data else None,
            hours=round(self.hours.data, 2),
            in_order=bool(self.in_order.data),
            quiz_items=self.quiz_items.data or 0,
            quiz_pass=self.quiz_pass.data or 60,
            quiz_attempts=self.quiz_attempts.data or 3,
            quiz_source=self.quiz_source.data,
        )


class UnitForm(Form):
    title = StringField(_("单元名称"), [NEEDED, Length(max=120)])
    kind = SelectField(_("类型"), choices=[(each.value, text) for each, text in UNIT_KINDS.items()])
    minutes = DecimalField(_("时长（分钟）"), [NEEDED, NumberRange(0.1, 600)], places=1)
    file = FileField(_("文件（MP4、WebM 或 PDF）"))
    address = StringField(
        _("或：站内视频地址（/media/ 开头）"),
        [Optional(), Length(max=200), Regexp(r"/media/[\w./-]+\Z", message=_("应以 /media/ 开头"))],
    )
    text = TextAreaField(_("或：文字"), [Length(max=100_000)])

    def unit_kind(self) -> UnitKind:
        return UnitKind(self.kind.data)


class QuestionForm(Form):
    stem = TextAreaField(_("题干"), [NEEDED, Length(max=2000)])
    options = TextAreaField(_("选项（每行一个）"), [NEEDED, Length(max=4000)])
    key = IntegerField(_("正确选项是第几个"), [NEEDED, NumberRange(1, 10)])


class ReviewForm(Form):
    decision = RadioField(_("意见"), choices=[("good", _("通过")), ("back", _("退回修改"))], validators=[NEEDED])
    note = TextAreaField(_("说明"), [Length(max=2000)])


class ReasonForm(Form):
    reason = TextAreaField(_("理由"), [NEEDED, Length(max=2000)])


class PeopleListForm(Form):
    file = FileField(_("学员名单（.xlsx）"), [FileRequired(_("请选择文件"))])


class LookUpForm(Form):
    document_type = SelectField(_("证件类型"), choices=DOCUMENTS)
    number = StringField(_("证件号码"), [NEEDED, Length(max=40)])
    year = IntegerField(_("年度"), [Optional(), NumberRange(2000, 2100)])
