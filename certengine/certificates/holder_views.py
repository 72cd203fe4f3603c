"""The holder's own pages: all certificates, links with an end date, and the way back into a lost account."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.certificates import checking, lifecycle, service, shares
from certengine.certificates.checking import Outcome
from certengine.certificates.models import Certificate, CertificateState
from certengine.certificates.pages import blueprint
from certengine.foundation.errors import Invalid, NotFound
from certengine.people import attempts, second_factor
from certengine.people import service as people
from certengine.people.actors import staff
from certengine.people.models import DocumentType, Person
from certengine.people.permissions import Permission
from certengine.web import throttle
from certengine.web.access import allow, public
from certengine.web.errors import say
from certengine.web.request import now, runtime, session
from certengine.web.security import limiter
from certengine.web.throttle import Attempt


def _my_document() -> str:
    """Raises NotFound where the account is nobody's in person."""
    person = session().get(Person, staff().person_id) if staff().person_id else None
    if person is None:
        raise NotFound("certificate.not_found")
    return person.document_index


@blueprint.get("/certificates/mine")
@allow(Permission.TRAINEE_SELF)
def mine() -> str:
    person = session().get(Person, staff().person_id) if staff().person_id else None
    document = person.document_index if person else None
    held = service.certificates_of(session(), document) if document else []
    links = shares.standing(session(), document, now()) if document else []
    base = runtime().settings.base_url
    return render_template(
        "certificates/mine.html",
        held=held,
        State=CertificateState,
        links=[(row, f"{base}/shared/{shares.token_of(runtime(), row)}") for row in links],
    )


@blueprint.post("/certificates/mine/<uuid:certificate_id>/successor")
@allow(Permission.TRAINEE_SELF)
def successor(certificate_id: UUID) -> Response:
    """The holder says whether the old code leads to the new certificate."""
    shown = request.form.get("shown") == "yes"
    lifecycle.show_successor(session(), certificate_id, _my_document(), shown, staff().id, now())
    flash(gettext("已保存"))
    return redirect(url_for(".mine"))


@blueprint.post("/certificates/mine/share")
@allow(Permission.TRAINEE_SELF)
def share() -> Response:
    try:
        shares.make(session(), runtime(), _my_document(), request.form.get("days", 0, type=int), staff().id, now())
    except Invalid as error:
        flash(say(error.problems[0]), "danger")
    else:
        flash(gettext("链接已生成，见下方"))
    return redirect(url_for(".mine"))


@blueprint.post("/certificates/mine/share/<uuid:share_id>/end")
@allow(Permission.TRAINEE_SELF)
def end_share(share_id: UUID) -> Response:
    shares.end(session(), share_id, _my_document(), staff().id, now())
    flash(gettext("链接已收回"))
    return redirect(url_for(".mine"))


@blueprint.get("/shared/<token>")
@public("whoever has the holder's link sees what the holder shows, until its last day")
@limiter.limit("30 per minute")
def shared(token: str) -> str:
    row = shares.opened(session(), token, now())
    held = service.certificates_of(session(), row.document_index)
    found = [(each, _outcome(each)) for each in held]
    return render_template("certificates/shared.html", share=row, held=found, Outcome=Outcome)


def _outcome(row: Certificate) -> Outcome:
    return checking.outcome(service.view(session(), runtime(), row))


@blueprint.route("/recover", methods=["GET", "POST"])
@public("who lost a sign-in proves by document and a certificate's code who they are")
@limiter.limit("20 per minute")
def recover() -> str | Response | tuple[str, int]:
    """Sets a new password; failures are slowed down as those of signing in are."""
    if request.method == "GET":
        return render_template("certificates/recover.html", kinds=DocumentType, problem=None)
    form = request.form
    number, code, password = (form.get(name, "").strip() for name in ("document", "code", "password"))
    try:
        kind = DocumentType(form.get("document_type", ""))
        document = people.document_index(runtime().cipher, kind, number)
    except ValueError:
        document = ""
    account = shares.holders_account(session(), document, code)
    # Who has a second factor keeps what it protects.
    usable = account is not None and not second_factor.has_any(session(), account.id)
    tried = [Attempt("recover", document[:80], throttle.network_of(request.remote_addr), attempts.PACES)]
    problem = attempts.judged(tried, lambda: usable, "certificate.recovery")
    if problem is None and account is not None:
        try:
            people.set_password(session(), account, password, f"account:{account.id}", now())
        except Invalid as error:
            problem = error.problems[0]
    if problem is not None:
        page = render_template("certificates/recover.html", kinds=DocumentType, problem=say(problem))
        return page, 422
    flash(gettext("密码已重设，您的用户名是：%(login)s", login=account.login if account else ""))
    return redirect("/sign-in")
