from flask_babel import lazy_gettext as _
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from certengine.web.forms import Form


class SignInForm(Form):
    login = StringField(_("登录名"), [InputRequired(_("请填写登录名")), Length(max=80)])
    password = PasswordField(_("密码"), [InputRequired(_("请填写密码")), Length(max=200)])
    next = HiddenField()
