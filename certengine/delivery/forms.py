from flask_babel import lazy_gettext as _
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from certengine.web.forms import Form


class CandidateForm(Form):
    ticket = StringField(_("准考证号"), [InputRequired(_("请填写准考证号")), Length(max=40)])
    number = StringField(_("证件号码"), [InputRequired(_("请填写证件号码")), Length(max=40)])
