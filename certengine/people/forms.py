from flask_babel import lazy_gettext as _
from wtforms import BooleanField, HiddenField, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from certengine.people.models import DocumentType
from certengine.web.forms import Form

DOCUMENT_NAMES = {
    DocumentType.RESIDENT_ID: _("居民身份证"),
    DocumentType.PASSPORT: _("护照"),
    DocumentType.HONG_KONG_MACAO_PERMIT: _("港澳居民来往内地通行证"),
    DocumentType.TAIWAN_PERMIT: _("台湾居民来往大陆通行证"),
    DocumentType.FOREIGN_PERMANENT_RESIDENT: _("外国人永久居留身份证"),
}
DOCUMENTS = [(kind.value, text) for kind, text in DOCUMENT_NAMES.items()]


class SignInForm(Form):
    login = StringField(_("登录名"), [InputRequired(_("请填写登录名")), Length(max=80)])
    password = PasswordField(_("密码"), [InputRequired(_("请填写密码")), Length(max=200)])
    next = HiddenField()


class CodeForm(Form):
    """A code of six digits, or a recovery code where one is taken."""

    code = StringField(
        _("验证码"),
        [InputRequired(_("请填写验证码")), Length(max=40)],
        render_kw={"autocomplete": "one-time-code", "autofocus": True},
    )


class ProvenForm(Form):
    """For what the holder of the account alone may do, however the browser came to be signed in."""

    password = PasswordField(
        _("当前密码"),
        [InputRequired(_("请填写密码")), Length(max=200)],
        render_kw={"autocomplete": "current-password"},
    )


class PasskeyForm(Form):
    """What the script fills in: the browser's answer, as JSON."""

    credential = HiddenField()
    next = HiddenField()
    name = StringField(
        _("名称"), [Length(max=80)], description=_("便于日后分辨，例如“办公室电脑”"), render_kw={"autocomplete": "off"}
    )


class OrganisationForm(Form):
    name = StringField(_("机构名称"), [InputRequired(_("请填写机构名称")), Length(max=120)])
    name_en = StringField(_("英文名称"), [Length(max=160)])
    code = StringField(_("机构代码"), [InputRequired(_("请填写机构代码")), Length(max=8)])
    kind = SelectField(_("机构类型"))
    # Left out, it is the province.
    region = SelectField(_("所在地区"), validate_choice=False)


class AccountForm(Form):
    login = StringField(_("登录名"), [InputRequired(_("请填写登录名")), Length(max=80)])
    name = StringField(_("姓名"), [InputRequired(_("请填写姓名")), Length(max=120)])
    organisation = SelectField(_("机构"))
    roles = SelectMultipleField(_("角色"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    password = PasswordField(
        _("初始密码"), [InputRequired(_("请填写密码")), Length(min=10, message=_("密码至少需要10个字符"))]
    )


class AccountChangeForm(Form):
    name = StringField(_("姓名"), [InputRequired(_("请填写姓名")), Length(max=120)])
    roles = SelectMultipleField(_("角色"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    active = BooleanField(_("启用"))


class PasswordForm(Form):
    password = PasswordField(
        _("新密码"), [InputRequired(_("请填写密码")), Length(min=10, message=_("密码至少需要10个字符"))]
    )


class OwnPasswordForm(PasswordForm):
    old = PasswordField(_("原密码"), [InputRequired(_("请填写原密码"))])


class AddressForm(Form):
    email = StringField(_("单位邮件地址"), [Length(max=200)], render_kw={"type": "email"})
