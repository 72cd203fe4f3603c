"""The page that says what a certificate is worth: as one request gets it, or rendered once and filled in for thousands."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, render_template
from flask_babel import force_locale, get_locale
from flask_babel import lazy_gettext as _
from markupsafe import escape

from certengine.certificates.checking import Outcome, outcome
from certengine.certificates.rules import ReasonClass, fields_of
from certengine.certificates.service import CertificateView
from certengine.foundation.clock import CHINA
from certengine.foundation.kept import Kept
from certengine.web.layout import date_in
from certengine.web.request import now, runtime

LABELS = {
    "姓名": _("姓名"),
    "性别": _("性别"),
    "证件": _("证件"),
    "职业": _("职业"),
    "方向": _("方向"),
    "专业技术等级": _("专业技术等级"),
    "理论知识考试成绩": _("理论知识考试成绩"),
    "专业能力考核成绩": _("专业能力考核成绩"),
    "培训课程": _("培训课程"),
    "培训学时": _("培训学时"),
    "结业考核": _("结业考核"),
    "证书编号": _("证书编号"),
    "发证机构": _("发证机构"),
    "发证日期": _("发证日期"),
    "有效期至": _("有效期至"),
}
KEPT = 500
# Stands, with two more digits, in the rendered page where something of one certificate comes. A number, for it must pass
# through addresses unchanged; nobody can write it into a name.
MARK = str(10**17 + secrets.randbelow(9 * 10**17))


def printed_fields(facts: Mapping[str, str]) -> list[tuple[str, str]]:
    """The printed fields with their labels in the reader's language; values stay as printed."""
    return _labelled(fields_of(facts))


def _labelled(fields: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(str(LABELS[label]), value) for label, value in fields]


def page(found: CertificateView | None, typed: str) -> str:
    """For the request that is being answered."""
    return render_template(
        "certificates/outcome.html",
        found=found,
        fields=printed_fields(found.facts) if found else [],
        outcome=outcome(found),
        Outcome=Outcome,
        day=_day(found, str(get_locale())),
        signed_on=_signed_on(found, str(get_locale())),
        looked=_looked(now(), str(get_locale())),
        base=runtime().settings.base_url,
        typed=typed,
    )


def _looked(moment: datetime, language: str) -> str:
    return f"{date_in(language, moment)} {moment.astimezone(CHINA):%H:%M}"


def _day(found: CertificateView | None, language: str) -> str:
    """Since when it has been what it is."""
    if found is None:
        return ""
    if outcome(found) is Outcome.EXPIRED:
        return str(found.facts["expires_on"])
    moment: datetime | None = found.suspended_at if outcome(found) is Outcome.SUSPENDED else found.ended_at
    return date_in(language, moment) if moment else ""


def _signed_on(found: CertificateView | None, language: str) -> str:
    """When the department signed it too."""
    return date_in(language, found.countersigned[1]) if found and found.countersigned else ""


@dataclass(frozen=True)
class Shape:
    """All that the template decides by; pages of one shape differ in nothing but what is filled in."""

    language: str
    outcome: Outcome
    kind: str = ""
    labels: tuple[str, ...] = ()
    reason: ReasonClass | None = None
    successor: bool = False
    damaged: bool = False
    pending: bool = False
    countersigned: bool = False


@dataclass(frozen=True)
class _Place:
    pending: bool
    index: int
    leaf_hash: str


@dataclass(frozen=True)
class _Marked:
    """Passes for a certificate while the page is rendered."""

    facts: Mapping[str, str]
    reason: ReasonClass | None
    successor: str | None
    damaged: bool
    code: str
    pdf: str
    place: _Place
    countersigned: tuple[str] | None


class Pages:
    """The pages that this process has rendered, by shape; what stands in them is read anew for each."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._kept: Kept[Shape, tuple[str, ...]] = Kept(KEPT)

    def page(self, found: CertificateView | None, typed: str, language: str, moment: datetime) -> str:
        """As the application would answer a stranger at /v/typed."""
        fields = fields_of(found.facts) if found else []
        shape = _shape(found, fields, language)
        pieces = self._kept.get(shape)
        if pieces is None:
            pieces = _pieces(self._app, shape)
            self._kept.put(shape, pieces)
        filled = list(pieces)
        values = _values(found, fields, typed, language, moment)
        filled[1::2] = [str(escape(values[int(number)])) for number in pieces[1::2]]
        return "".join(filled)


def _shape(found: CertificateView | None, fields: Sequence[tuple[str, str]], language: str) -> Shape:
    if found is None:
        return Shape(language, Outcome.UNKNOWN)
    return Shape(
        language,
        outcome(found),
        found.facts["kind"],
        tuple(label for label, _value in fields),
        found.reason,
        found.successor is not None,
        found.damaged,
        found.place.pending,
        found.countersigned is not None,
    )


def _values(
    found: CertificateView | None, fields: Sequence[tuple[str, str]], typed: str, language: str, moment: datetime
) -> Sequence[object]:
    """By the numbers of the marks."""
    asked = (typed, _looked(moment, language))
    if found is None:
        return asked
    known = (found.code, found.pdf, found.place.index, found.place.leaf_hash, found.successor, _day(found, language))
    signed = (found.countersigned[0] if found.countersigned else None, _signed_on(found, language))
    return (*asked, *known, *signed, *(value for _label, value in fields))


def _mark(number: int) -> str:
    return f"{MARK}{number:02}"


def _pieces(app: Flask, shape: Shape) -> tuple[str, ...]:
    """Text and the numbers of what comes between, in turn."""
    typed, looked, code, pdf, index, leaf, successor, day, department, signed_on = map(_mark, range(10))
    place = _Place(shape.pending, int(index), leaf)
    follows = successor if shape.successor else None
    signed = (department,) if shape.countersigned else None
    found = _Marked({"kind": shape.kind}, shape.reason, follows, shape.damaged, code, pdf, place, signed)
    with app.test_request_context(f"/v/{typed}"), force_locale(shape.language):
        rendered = render_template(
            "certificates/outcome.html",
            found=found if shape.outcome is not Outcome.UNKNOWN else None,
            fields=_labelled([(label, _mark(number)) for number, label in enumerate(shape.labels, 10)]),
            outcome=shape.outcome,
            Outcome=Outcome,
            day=day,
            signed_on=signed_on,
            looked=looked,
            base=runtime().settings.base_url,
            typed=typed,
        )
    return tuple(re.split(f"{MARK}([0-9]{{2}})", rendered))
