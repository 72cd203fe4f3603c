from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DecimalField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from certengine.people.forms import DOCUMENTS
from certengine.sittings.models import ConflictKind
from certengine.sittings.proof_rules import ProofKind
from certengine.standards.names import direction_choices, field_choices
from certengine.standards.rules import Level, Part
from certengine.web.forms import ChinaTimeField, Form

LEVELS = {Level.JUNIOR: _("初级"), Level.INTERMEDIATE: _("中级"), Level.SENIOR: _("高级")}
DEGREES = [
    ("none", _("无")),
    ("college", _("专科")),
    ("bachelor", _("本科")),
    ("master", _("硕士")),
    ("doctorate", _("博士")),
]
TITLES = [
    ("none", _("无")),
    ("technician", _("技术员")),
    ("assistant_engineer", _("助理工程师")),
    ("engineer", _("工程师")),
]
CERTIFICATES = [("none", _("无")), ("junior", _("初级")), ("intermediate", _("中级"))]
YES_NO = [("yes", _("是")), ("no", _("否"))]
PARTS = {Part.THEORY: _("理论知识考试"), Part.PRACTICAL: _("专业能力考核")}


class PlanForm(Form):
    title = StringField(_("考试名称"), [InputRequired(_("请填写考试名称")), Length(max=120)])
    field = SelectField(_("领域"))
    level = SelectField(_("等级"), choices=[(level.value, text) for level, text in LEVELS.items()])
    direction = SelectField(_("方向"))
    capacity = IntegerField(_("计划人数"), [InputRequired(_("请填写计划人数")), NumberRange(1, 99_999)], default=200)
    trial = BooleanField(_("试考（不产生成绩和证书，可用试测题）"))
    token = HiddenField()

    def offer(self) -> None:
        self.field.choices = field_choices()
        self.direction.choices = [("", _("不分方向")), *direction_choices()]


class SittingForm(Form):
    part = SelectField(_("科目"), choices=[(part.value, text) for part, text in PARTS.items()])
    starts_at = ChinaTimeField(_("开始时间"), [InputRequired(_("请填写开始时间"))])
    minutes = IntegerField(_("时长（分钟）"), [InputRequired(_("请填写时长")), NumberRange(1, 600)], default=90)


class RoomForm(Form):
    name = StringField(_("考场名称"), [InputRequired(_("请填写考场名称")), Length(max=60)])
    site = StringField(_("地址"), [Length(max=120)])
    rows = IntegerField(_("行数"), [InputRequired(_("请填写行数")), NumberRange(1, 40)], default=5)
    columns = IntegerField(_("列数"), [InputRequired(_("请填写列数")), NumberRange(1, 40)], default=6)


class ImportForm(Form):
    file = FileField(_("考生名单（.xlsx）"), [FileRequired(_("请选择文件"))])


class PhotosForm(Form):
    photos = FileField(_("照片（.zip，文件名为准考证号或证件号码）"), [FileRequired(_("请选择文件"))])


class ProofsForm(Form):
    proofs = FileField(_("证明材料（.zip，文件名如“准考证号-学历.pdf”）"), [FileRequired(_("请选择文件"))])


class FilesForm(Form):
    files = FileField(_("照片和材料（.zip）"), [FileRequired(_("请选择文件"))])


class CandidateForm(Form):
    name = StringField(_("姓名"), [InputRequired(_("请填写姓名")), Length(max=120)])
    document_type = SelectField(_("证件类型"), choices=DOCUMENTS)
    number = StringField(_("证件号码"), [InputRequired(_("请填写证件号码")), Length(max=40)])
    employer = StringField(_("工作单位"), [Length(max=120)])
    hours = IntegerField(_("培训学时"), [Optional(), NumberRange(0, 10_000)], default=0)
    degree = SelectField(_("学历"), choices=DEGREES)
    final_year = SelectField(_("应届在读学历"), choices=DEGREES, default="none")
    related = SelectField(_("所学专业与本职业相关"), choices=YES_NO, default="yes")
    title = SelectField(_("职称"), choices=TITLES)
    years = DecimalField(_("从事相关工作年限"), [Optional(), NumberRange(0, 80)], default=0)
    certificate = SelectField(_("已获证书"), choices=CERTIFICATES)


PROOFS = {
    ProofKind.HOURS: _("培训合格证书或学时证明"),
    ProofKind.DEGREE: _("学历、学位证书或在读证明"),
    ProofKind.TITLE: _("职称证书"),
    ProofKind.WORK: _("工作年限证明"),
    ProofKind.CERTIFICATE: _("已获等级证书"),
    ProofKind.OTHER: _("其他材料"),
}


class ApplicationForm(CandidateForm):
    """The same facts, given by the candidate; the photograph comes with them, and what proves them may."""

    # Of an application that is put right: its number, and the document's number as it was given before.
    again = HiddenField()
    was = HiddenField()
    photo = FileField(_("证件照（JPEG 或 PNG，不超过 5 MB）"))
    hours_proof = FileField(PROOFS[ProofKind.HOURS])
    degree_proof = FileField(PROOFS[ProofKind.DEGREE])
    title_proof = FileField(PROOFS[ProofKind.TITLE])
    work_proof = FileField(PROOFS[ProofKind.WORK])
    certificate_proof = FileField(PROOFS[ProofKind.CERTIFICATE])
    truthful = BooleanField(_("我承诺以上信息和材料真实，并携带原件备查"), [InputRequired(_("请确认"))])

    def proofs(self) -> list[tuple[ProofKind, FileField]]:
        """Kind and field of each document that can come with the application."""
        return [(kind, self[f"{kind.value}_proof"]) for kind in ProofKind if f"{kind.value}_proof" in self]


class StatusForm(Form):
    number = StringField(_("申请编号"), [InputRequired(_("请填写申请编号")), Length(max=16)])
    document = StringField(_("证件号码"), [InputRequired(_("请填写证件号码")), Length(max=40)])


class WindowForm(Form):
    opens_at = ChinaTimeField(_("报名开始"), [Optional()])
    closes_at = ChinaTimeField(_("报名截止"), [Optional()])


CONFLICTS = {
    ConflictKind.RELATIVE: _("亲属"),
    ConflictKind.TEACHER: _("师生（教过考生所在的班）"),
    ConflictKind.EMPLOYER: _("同单位"),
}


class ConflictForm(Form):
    account = SelectField(_("人员"))
    kind = SelectField(_("关系"), choices=[(kind.value, text) for kind, text in CONFLICTS.items()])
    target = StringField(_("考生准考证号，或单位名称"), [InputRequired(_("请填写")), Length(max=120)])
    reason = StringField(_("具体情况"), [InputRequired(_("请写明具体情况")), Length(max=200)])


class MoveForm(Form):
    room = SelectField(_("考场"))
    seat = IntegerField(_("座位号"), [InputRequired(_("请填写座位号")), NumberRange(1, 1600)])
    reason = StringField(_("原因"), [InputRequired(_("请填写原因")), Length(max=200)])


class SiteForm(Form):
    name = StringField(_("考点名称"), [InputRequired(_("请填写考点名称")), Length(max=60)])
    address = StringField(_("地址"), [InputRequired(_("请填写地址")), Length(max=120)])


class SiteRoomForm(Form):
    name = StringField(_("考场名称"), [InputRequired(_("请填写考场名称")), Length(max=60)])
    rows = IntegerField(_("行数"), [InputRequired(_("请填写行数")), NumberRange(1, 40)], default=5)
    columns = IntegerField(_("列数"), [InputRequired(_("请填写列数")), NumberRange(1, 40)], default=6)


class PublicPlanForm(Form):
    public = BooleanField(_("列入公开的年度计划"))
    fee = DecimalField(_("考试费（元）"), [Optional(), NumberRange(0, 100_000)])


class FeeForm(Form):
    paid = DecimalField(_("已缴费（元）"), [Optional(), NumberRange(0, 100_000)])
    note = StringField(_("票据号"), [Length(max=120)])


class AnnouncementForm(Form):
    title = StringField(_("标题"), [InputRequired(_("请填写标题")), Length(max=120)])
    body = TextAreaField(_("正文"), [InputRequired(_("请填写正文")), Length(max=20_000)])
    token = HiddenField()
