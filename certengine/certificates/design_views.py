"""Where an institution arranges its sheets, with a live preview, and sets how its certificates are numbered."""

import base64
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any
from uuid import UUID

import pypdfium2
from flask import flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from PIL import Image, ImageDraw
from werkzeug.wrappers import Response

from certengine.certificates import designs, layouts, numbers, series
from certengine.certificates.designs import Design
from certengine.certificates.layouts import Layout
from certengine.certificates.models import CertificateState
from certengine.certificates.numbers import Numbered
from certengine.certificates.pages import blueprint
from certengine.certificates.rules import CODE_LENGTH, CertificateKind, status_address
from certengine.certificates.sheet import Sheet, typeset
from certengine.certificates.typesetting import Face
from certengine.foundation.errors import Invalid, NotFound, Problem
from certengine.people import service as people
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.standards.rules import Level
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.layout import NavigationEntry, add_navigation
from certengine.web.request import now, runtime, session

PARTS = {
    "title": _("标题"),
    "english": _("英文标题"),
    "fields": _("各项内容"),
    "photo": _("照片"),
    "address_code": _("联网查验二维码"),
    "signed_code": _("离线验真二维码"),
    "issuer": _("发证机构和日期"),
    "notice": _("查验说明"),
    "seal": _("印章"),
}
PLACES = {
    "institution": _("机构代码"),
    "region": _("行政区划代码"),
    "year": _("年份"),
    "kind": _("证书种类（G 或 T）"),
    "field": _("职业序号"),
    "level": _("等级（1–3）"),
    "serial": _("流水号"),
    "check": _("校验字符（ISO 7064）"),
}
FACES = {Face.SERIF: _("宋体"), Face.SANS: _("黑体")}
# Dots of the preview to a point.
SCALE = 1.5


@blueprint.record_once
def set_up_designs(state: BlueprintSetupState) -> None:
    entry = NavigationEntry(605, _("版式与编号"), "certificates.numbering", Permission.CERTIFICATE_ISSUE)
    add_navigation(state, entry)


def _kind(text: str) -> CertificateKind:
    try:
        return CertificateKind(text)
    except ValueError:
        raise NotFound("certificate.no_design") from None


def _typed() -> Layout:
    """The layout in the form. Raises Invalid."""
    form = request.form
    try:
        boxes = {
            name: {key: form.get(f"{name}-{key}", "0") or "0" for key in ("x", "y", "width", "height", "size")}
            for name in layouts.DEFAULT.boxes()
        }
        colour = form.get("colour", "").removeprefix("#")
        faces = {name: form.get(name, Face.SERIF.value) for name in ("title_face", "text_face")}
        return layouts.from_json({**boxes, **faces, "colour": colour, "frame": form.get("frame") == "yes"})
    except (KeyError, TypeError, ValueError):
        raise Invalid([Problem("", "certificate.layout_form")]) from None


def _pictures(before: Design) -> tuple[bytes | None, bytes | None]:
    """Background and seal: as uploaded, else as before, unless taken away. Raises Invalid."""
    found: list[bytes | None] = []
    for name, old in (("background", before.background), ("seal", before.seal)):
        upload = request.files.get(f"{name}_picture")
        content = upload.read() if upload else b""
        if content:
            found.append(designs.picture_of(content, seal=name == "seal"))
        else:
            found.append(None if request.form.get(f"no_{name}") == "yes" else old)
    return found[0], found[1]


def _said(error: Invalid) -> list[dict[str, str]]:
    said = []
    for each in error.problems:
        values = dict(each.values)
        if "other" in values:
            values["other"] = str(PARTS[values["other"]])
        part = str(PARTS[each.place]) if each.place in PARTS else ""
        said.append({"part": each.place, "text": f"{part} {say(Problem(each.place, each.code, values))}".strip()})
    return said


@blueprint.route("/certificates/sheets/<kind>", methods=["GET", "POST"])
@allow(Permission.CERTIFICATE_ISSUE)
def sheet_design(kind: str) -> str | Response | tuple[str, int]:
    """The newest version to be changed, or an older one taken up again; saved as the next version."""
    of, mine = _kind(kind), staff().organisation_id
    rows = designs.versions(session(), mine, of)
    taken = request.args.get("version")
    start = designs.newest(session(), runtime(), mine, of)
    if taken:
        start = designs.opened(runtime(), designs.version(session(), mine, UUID(taken)))
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        try:
            start = replace(start, layout=_typed())
            kept = [runtime().files.put(each) if each else "" for each in _pictures(start)]
            row = designs.save(session(), runtime(), mine, of, start.layout, (kept[0], kept[1]), staff().id, now())
        except Invalid as error:
            problems = _said(error)
        else:
            flash(gettext("已保存为第%(version)s版，此后签发的证书按此版式；已签发的不变。", version=row.version))
            return redirect(url_for(".sheet_design", kind=kind))
    page = render_template(
        "certificates/sheet.html",
        kind=of,
        Kind=CertificateKind,
        layout=start.layout,
        parts=PARTS,
        faces=FACES,
        versions=rows,
        taken=taken or "",
        has_background=start.background is not None,
        has_seal=start.seal is not None,
        problems=problems,
        width=layouts.PAGE_WIDTH,
        height=layouts.PAGE_HEIGHT,
    )
    return (page, 422) if problems else page


@blueprint.post("/certificates/sheets/<kind>/preview")
@allow(Permission.CERTIFICATE_ISSUE)
def sheet_preview(kind: str) -> dict[str, Any]:
    """The sheet as it would be printed, and what is wrong with it; nothing is kept."""
    of, mine = _kind(kind), staff().organisation_id
    start = designs.newest(session(), runtime(), mine, of)
    if taken := request.form.get("version"):
        start = designs.opened(runtime(), designs.version(session(), mine, UUID(taken)))
    try:
        layout = _typed()
        background, seal = _pictures(start)
    except Invalid as error:
        return {"image": "", "problems": _said(error)}
    found = layouts.problems(layout)
    facts = _example(of, long=request.form.get("long") == "yes")
    made = typeset(Sheet(facts, "", _FACE, "CE1:" + "A" * 640, layout, background, seal))
    picture = pypdfium2.PdfDocument(made)[0].render(scale=SCALE).to_pil()
    out = BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=80)
    image = "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
    return {"image": image, "problems": _said(Invalid(found))}


def _example(kind: CertificateKind, *, long: bool) -> dict[str, Any]:
    """What is shown in a preview: an ordinary certificate, or one with the longest names."""
    mine = people.organisation(session(), staff().organisation_id)
    code = "0123456789ABCDEF"[:CODE_LENGTH]
    facts = {
        "kind": kind.value,
        "number": numbers.number(designs.pattern_of(session(), mine.id), _sample(mine.code, mine.region, kind)),
        "code": code,
        "address": status_address(runtime().settings.base_url, code),
        "name": "阿卜杜热合曼·阿卜杜克热木·买买提艾力·吐尔逊·艾合买提" if long else "王小明",
        "sex": "男",
        "document_type": "港澳居民来往内地通行证" if long else "居民身份证",
        "document": "3701************12",
        "occupation": "工业互联网工程技术人员",
        "occupation_en": "Industrial Internet Engineer",
        "direction": "工业互联网平台与安全一体化规划设计及系统集成实施" * 2 if long else "工业互联网平台",
        "level": Level.INTERMEDIATE.value,
        "institution": mine.name,
        "issued_on": date(2026, 11, 25).isoformat(),
        "expires_on": date(2031, 11, 24).isoformat() if long else "",
    }
    if kind is CertificateKind.GRADE:
        return {**facts, "theory": "78.50", "practical": "81.00"}
    course = "数字技术工程师（工业互联网）中级培训" * (3 if long else 1)
    return {**facts, "hours": "96", "course": course, "assessment": "86.50"}


def _sample(code: str, region: str, kind: CertificateKind) -> Numbered:
    return Numbered(code, region, 2026, kind, "industrial_internet", Level.INTERMEDIATE, 1)


def _grey_face() -> bytes:
    picture = Image.new("RGB", (180, 240), (225, 229, 233))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((55, 40, 125, 125), fill=(160, 168, 176))
    draw.ellipse((20, 140, 160, 330), fill=(160, 168, 176))
    out = BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()


_FACE = _grey_face()


@blueprint.route("/certificates/numbers", methods=["GET", "POST"])
@allow(Permission.CERTIFICATE_ISSUE)
def numbering() -> str | Response | tuple[str, int]:
    """How certificates are numbered, and whether every number that was given out is there."""
    mine = staff().organisation_id
    pattern, problems = designs.pattern_of(session(), mine), []
    if request.method == "POST":
        pattern = request.form.get("pattern", "")
        try:
            designs.set_pattern(session(), mine, pattern, staff().id, now())
        except Invalid as error:
            problems = [say(each) for each in error.problems]
        else:
            flash(gettext("已保存，此后签发的证书按此编号；已签发的不变。"))
            return redirect(url_for(".numbering"))
    organisation = people.organisation(session(), mine)
    sample = (
        ""
        if problems
        else numbers.number(pattern, _sample(organisation.code, organisation.region, CertificateKind.GRADE))
    )
    page = render_template(
        "certificates/numbers.html",
        pattern=pattern,
        problems=problems,
        sample=sample,
        labels=PLACES,
        series=series.report(session(), mine),
        State=CertificateState,
        Kind=CertificateKind,
    )
    return (page, 422) if problems else page
