"""Pages of one item: reading, writing, reviewing."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from certengine.bank import service
from certengine.bank.editing import entry_of_yaml, fits_form, form_of_item, item_of_form, section_of, yaml_of
from certengine.bank.flaws import item_flaws
from certengine.bank.forms import MATCH_LETTERS, OPTION_LETTERS, ItemForm, YamlForm
from certengine.bank.importing import PREFIXES
from certengine.bank.models import Bank, BankItem, ItemStatus, ItemVersion, VersionState
from certengine.bank.pages import COGNITION, TYPES, blueprint, context, own_bank, standard_of, type_word
from certengine.bank.readiness import outline_faults
from certengine.bank.rules import Entry, Family, Item, entry_of
from certengine.bank.skeletons import SKELETONS
from certengine.bank.statistics import charts, flags
from certengine.foundation.errors import Invalid, Problem
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.standards.rules import Level
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, runtime, session


def _chosen(found: BankItem) -> ItemVersion:
    number = request.values.get("version", service.working_version(found).number, int)
    return service.version(session(), found.id, number)


def _secret(found: BankItem, version: ItemVersion) -> bool:
    """Whether the key is shown only on demand: of everything that is, or was, used in papers."""
    return found.status is not ItemStatus.DRAFT and version.state is VersionState.APPROVED


@blueprint.get("/banks/<uuid:bank_id>/items/<code>")
@allow(Permission.BANK_READ)
def item(bank_id: UUID, code: str) -> str:
    bank = own_bank(bank_id)
    found = service.item(session(), bank_id, code)
    version = _chosen(found)
    may = staff().may
    open_key = not _secret(found, version) and (may(Permission.BANK_WRITE) or may(Permission.ITEM_REVIEW))
    if found.status is not ItemStatus.DRAFT:
        # A page that is only read has a session that only reads.
        with runtime().unit_of_work() as writing:
            service.note_reading(writing, found.id, version.number, staff().id, now())
    return _show(bank, found, version, open_key)


@blueprint.post("/banks/<uuid:bank_id>/items/<code>/key")
@allow(Permission.BANK_WRITE, Permission.ITEM_REVIEW)
def key(bank_id: UUID, code: str) -> str:
    """Shows the key of a live item; that it was read, by whom and when, stands in the ledger."""
    bank = own_bank(bank_id)
    found = service.item(session(), bank_id, code)
    version = _chosen(found)
    service.read_key(session(), version, staff().id, now())
    return _show(bank, found, version, True)


def _show(bank: Bank, found: BankItem, version: ItemVersion, open_key: bool) -> str:
    acts = ledger.history(session(), f"item:{found.id}", 30)
    talk = service.comments(session(), [each.id for each in found.versions])
    readings = service.readings(session(), found.id, 20) if staff().may(Permission.ITEM_REVIEW) else []
    actors = [name for each in found.versions for name in (each.author, each.reviewer)]
    actors += [name for each in talk for name in (each.author, each.settled_by)] + [each.actor for each in readings]
    entry = entry_of(version.content, version.number)
    return render_template(
        "bank/item.html",
        **context(bank, "items"),
        item=found,
        version=version,
        entry=entry,
        open_key=open_key,
        leaf=standard_of(bank).node(found.outline),
        acts=acts,
        talk=talk,
        open_comments=sum(each.settled_at is None and each.version_id == version.id for each in talk),
        readings=readings,
        statistics=charts(entry, service.statistics_of(session(), found.id), open_key),
        warnings=[say(each) for each in flags(found.facility, found.discrimination)],
        names=people.shown_names(session(), [*actors, *(act.actor for act in acts)]),
        type_word=type_word,
        mine=version.author == staff().id,
        render=service.render_markdown,
        inline=service.render_inline,
    )


def _form(bank: Bank, data: dict[str, Any] | None = None) -> ItemForm:
    form = ItemForm(data=data)
    level = Level(bank.level)
    form.type.choices = [(kind.value, text) for kind, text in TYPES.items()]
    form.cognition.choices = [(each.value, text) for each, text in COGNITION.items()]
    leaves = [(leaf.id, f"{leaf.id} {leaf.zh}") for leaf in standard_of(bank).leaves(level)]
    form.outline.choices = [("", _("请选择")), *leaves]
    return form


@blueprint.route("/banks/<uuid:bank_id>/items/new", methods=["GET", "POST"])
@allow(Permission.BANK_WRITE)
def new_item(bank_id: UUID) -> str | Response | tuple[str, int]:
    bank = own_bank(bank_id)
    form = _form(bank, {"cognition": "understands", "type": "single"})
    if not form.validate_on_submit():
        return _edit_page(bank, form, None, [], 422 if form.is_submitted() else 200)
    return _save(bank, form, service.next_code(session(), bank_id, f"{_prefix(bank)}-"), None)


def _prefix(bank: Bank) -> str:
    return f"{PREFIXES.get(bank.field, bank.field)}-{bank.level[0]}"


@blueprint.route("/banks/<uuid:bank_id>/items/new/<any(case, family, practical):kind>", methods=["GET", "POST"])
@allow(Permission.BANK_WRITE)
def new_entry(bank_id: UUID, kind: str) -> str | Response | tuple[str, int]:
    """A case, a family or a practical task, written as the bank file spells it from a small whole example."""
    bank = own_bank(bank_id)
    section, letter, skeleton = SKELETONS[kind]
    problems: list[str] = []
    form = YamlForm()
    if form.validate_on_submit():
        try:
            entry = entry_of_yaml(form.text.data or "", section)
            service.lock(session(), bank_id)
            if entry.id in service.codes_taken(session(), bank_id):
                raise Invalid([Problem("YAML:1", "bank.id_taken", {"item": entry.id})])
            return _proposed(bank, entry)
        except Invalid as error:
            problems = [f"{each.place} {say(each)}" for each in error.problems]
    elif not form.is_submitted():
        leaf = next(iter(standard_of(bank).leaves(Level(bank.level))), None)
        code = service.free_code(session(), bank_id, f"{_prefix(bank)}-{letter}", 2 if letter else 3)
        form.process(formdata=None, data={"text": skeleton.format(code=code, leaf=leaf.id if leaf else "")})
    page = render_template(
        "bank/edit_yaml.html",
        **context(bank, "items"),
        form=form,
        item=None,
        section=section,
        code="",
        problems=problems,
    )
    return page, 422 if problems else 200


@blueprint.route("/banks/<uuid:bank_id>/items/<code>/edit", methods=["GET", "POST"])
@allow(Permission.BANK_WRITE)
def edit_item(bank_id: UUID, code: str) -> str | Response | tuple[str, int]:
    """Makes a new version; the live one stays until another person approves the new one."""
    bank = own_bank(bank_id)
    found = service.item(session(), bank_id, code)
    newest = service.working_version(found)
    entry = entry_of(newest.content)
    if not isinstance(entry, Item) or not fits_form(entry):
        return _edit_yaml(bank, found, newest)
    if request.method == "GET" and _secret(found, newest):
        return render_template("bank/edit_gate.html", **context(bank, "items"), item=found)
    opened = request.method == "POST" and "open" in request.form
    if opened:
        service.read_key(session(), newest, staff().id, now())
        form = _filled(bank, entry)
        return _edit_page(bank, form, found, [], 200)
    form = _form(bank, form_of_item(entry))
    if not form.validate_on_submit():
        return _edit_page(bank, form, found, [], 422 if form.is_submitted() else 200)
    return _save(bank, form, code, found)


def _filled(bank: Bank, entry: Item) -> ItemForm:
    """The form filled from the item, whatever was posted to open it."""
    form = _form(bank)
    form.process(formdata=None, data=form_of_item(entry))
    return form


def _save(bank: Bank, form: ItemForm, code: str, found: BankItem | None) -> Response | tuple[str, int]:
    try:
        entry = item_of_form(form.data, code)
    except Invalid as error:
        return _edit_page(bank, form, found, form.show_problems(error), 422)
    if other := service.twin(session(), bank.id, entry):
        return _edit_page(bank, form, found, [say(Problem("stem", "bank.twin", {"item": other}))], 422)
    return _proposed(bank, entry)


def _proposed(bank: Bank, entry: Any) -> Response:
    made = service.propose(session(), bank_id=bank.id, entry=entry, actor=staff().id, now=now())
    flash(_("已保存为第 %(number)s 版，等待另一人审核", number=made.number), "success")
    return redirect(url_for(".item", bank_id=bank.id, code=entry.id, version=made.number))  # type: ignore[return-value]


def _edit_page(bank: Bank, form: ItemForm, found: BankItem | None, problems: list[str], status: int) -> tuple[str, int]:
    page = render_template(
        "bank/edit.html",
        **context(bank, "items"),
        form=form,
        item=found,
        problems=problems,
        options=[form[f"option_{letter}"] for letter in OPTION_LETTERS],
        matches=[form[f"match_{letter}"] for letter in MATCH_LETTERS],
    )
    return page, status


def _edit_yaml(bank: Bank, found: BankItem, newest: ItemVersion) -> str | Response | tuple[str, int]:
    entry = entry_of(newest.content)
    if request.method == "GET" and _secret(found, newest):
        return render_template("bank/edit_gate.html", **context(bank, "items"), item=found)
    form = YamlForm(data={"text": yaml_of(entry)})
    section = section_of(entry)
    problems: list[str] = []
    if "open" in request.form:
        service.read_key(session(), newest, staff().id, now())
        form.process(formdata=None, data={"text": yaml_of(entry)})
    elif form.validate_on_submit():
        try:
            return _proposed(bank, entry_of_yaml(form.text.data or "", section, entry.id))
        except Invalid as error:
            problems = [f"{each.place} {say(each)}" for each in error.problems]
    page = render_template(
        "bank/edit_yaml.html",
        **context(bank, "items"),
        form=form,
        item=found,
        section=section,
        code=entry.id,
        problems=problems,
    )
    return page, 422 if problems else 200


@blueprint.post("/banks/<uuid:bank_id>/draft")
@allow(Permission.BANK_WRITE)
def draft(bank_id: UUID) -> str:
    """How what is being written will look, and what the check says of it; nothing is kept."""
    bank = own_bank(bank_id)
    code = request.form.get("code", "")
    entry: Entry | None = None
    found: list[Problem] = []
    try:
        if "section" in request.form:
            entry = entry_of_yaml(request.form.get("text", ""), request.form["section"], code)
        else:
            entry = item_of_form(_form(bank).data, code or _("本题"))
    except Invalid as error:
        found = error.problems
    if entry is not None:
        found = [problem for _key, problem in outline_faults(entry, standard_of(bank), Level(bank.level))]
        shown = entry.variants[:1] if isinstance(entry, Family) else [entry] if isinstance(entry, Item) else []
        found += [problem for each in shown for _key, problem in item_flaws(each)]
        for other, similarity in service.look_alikes(session(), bank_id, entry):
            found.append(Problem("", "bank.look_alike", {"item": other, "similarity": f"{similarity:.0%}"}))
    return render_template(
        "bank/draft.html",
        entry=entry,
        kind=kind_of(entry) if entry else "",
        problems=[f"{each.place} {say(each)}" if each.place.startswith("YAML") else say(each) for each in found],
        render=service.render_markdown,
        inline=service.render_inline,
    )


def kind_of(entry: Entry) -> str:
    return "item" if isinstance(entry, Item) else "family" if isinstance(entry, Family) else "practical"
