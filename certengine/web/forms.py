"""The form that all forms derive from, and the fields that WTForms lacks."""

from datetime import date, datetime
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField as AnyDateField
from wtforms import DateTimeLocalField, HiddenField, RadioField
from wtforms.fields import Field

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Invalid
from certengine.foundation.ids import random_code
from certengine.web.errors import say

TOKEN_LENGTH = 40
# Whatever has a date here lies between: beyond, reckoning with days and zones falls off the calendar.
YEARS = range(1900, 2101)


def given_token() -> str:
    """By which a form that is sent twice makes one thing: what the page carried, or a new one for who sends none."""
    return (request.form.get("token") or random_code(20))[:TOKEN_LENGTH]


class Form(FlaskForm):
    def show_problems(self, error: Invalid) -> list[str]:
        """Puts each problem beside its field; returns the sentences of those that belong to none."""
        others = []
        for problem in error.problems:
            field: Field | None = self._fields.get(problem.place)
            if field is None:
                others.append(say(problem))
            else:
                field.errors = [*field.errors, say(problem)]
        return others


def _must_be_a_date(given: date | None) -> None:
    """Raises ValueError for what is a date to the computer alone."""
    if given is not None and given.year not in YEARS:
        raise ValueError(_("请填写1900年至2100年之间的日期"))


class DateField(AnyDateField):
    """A day that people reckon with."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        _must_be_a_date(self.data)


class ChinaTimeField(DateTimeLocalField):
    """A date and time as people in China write it, held as an aware time."""

    data: datetime | None

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        _must_be_a_date(self.data)
        if self.data is not None:
            self.data = self.data.replace(tzinfo=CHINA)

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        return self.data.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M") if isinstance(self.data, datetime) else ""


class ApplyListForm(Form):
    """Imports the list that was looked at: its digest in the file store, its name, and whether faulty rows stop it."""

    digest = HiddenField()
    name = HiddenField()
    keep_good = RadioField(
        _("有错误的行"),
        choices=[("no", _("整份不导入，改好后重来")), ("yes", _("只导入没有错误的行"))],
        default="no",
    )
