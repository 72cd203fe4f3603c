"""What an organisation was told, and where its mail goes."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response

from certengine.foundation.errors import Invalid
from certengine.foundation.paging import paginate
from certengine.people import messages, service
from certengine.people.actors import staff
from certengine.people.forms import AddressForm
from certengine.people.message_models import MailState
from certengine.people.pages import blueprint
from certengine.people.permissions import Permission
from certengine.web.access import allow
from certengine.web.request import now, runtime, session

TOLD = (Permission.BASE_REPORT, Permission.SEMINAR_RUN)


@blueprint.get("/messages", endpoint="messages")
@allow(*TOLD)
def list_messages() -> str:
    owner = service.organisation(session(), staff().organisation_id)
    return _page(AddressForm(formdata=None, email=owner.email))


def _page(form: AddressForm) -> str:
    owner_id = staff().organisation_id
    language = str(get_locale())
    page = paginate(session(), messages.messages_query(owner_id), request.args.get("page", 1, int))
    return render_template(
        "people/messages.html",
        page=page,
        subject_of=lambda each: messages.subject_of(each, language),
        text_of=lambda each: messages.text_of(each, language),
        unseen=messages.unseen(session(), owner_id),
        form=form,
        mails=bool(runtime().settings.smtp_url),
        MailState=MailState,
    )


@blueprint.post("/messages/seen")
@allow(*TOLD)
def see_messages() -> Response:
    given = request.form.get("message", type=UUID)
    messages.see(session(), staff().organisation_id, given, now())
    return redirect(url_for(".messages"))


@blueprint.post("/messages/address")
@allow(*TOLD)
def set_address() -> str | Response | tuple[str, int]:
    form = AddressForm()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        messages.set_address(session(), staff().organisation_id, form.email.data or "", actor=staff().id, now=now())
    except Invalid as error:
        form.show_problems(error)
        return _page(form), 422
    flash(gettext("已保存"))
    return redirect(url_for(".messages"))
