"""One's own passkeys: added with the password at hand, removed likewise."""

from uuid import UUID

from flask import flash, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.foundation.errors import CertengineError, Invalid
from certengine.people import actors, challenges, passkeys, second_factor, sessions
from certengine.people.forms import PasskeyForm, ProvenForm
from certengine.people.own_views import STAFF, back, is_proven, own_account
from certengine.people.pages import blueprint
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, runtime, session


@blueprint.get("/my-account/passkeys/new")
@allow(*STAFF)
def new_passkey() -> str:
    challenges.here()
    return render_template(
        "people/new_passkey.html",
        form=PasskeyForm(formdata=None),
        proven=ProvenForm(formdata=None),
        passkeys=challenges.to_add(own_account()),
    )


@blueprint.post("/my-account/passkeys")
@allow(*STAFF)
def add_passkey() -> str | Response:
    """A first factor ends the sessions that were begun with the password alone, as any first factor does."""
    form, place, challenge = PasskeyForm(), challenges.here(), challenges.taken()
    if not is_proven():
        return back()
    mine = own_account()
    had_one = second_factor.has_any(session(), mine.id)
    try:
        passkeys.add(session(), place, mine, form.credential.data or "", challenge, form.name.data or "", now())
    except CertengineError as error:
        flash(say(error.problems[0] if isinstance(error, Invalid) else error), "danger")
        return back()
    flash(gettext("通行密钥已添加"))
    if not had_one:
        sessions.end_all(session(), mine.id, now())
        actors.sign_in_account(mine, with_factor=True)
    codes = second_factor.codes_for_passkey(session(), runtime().cipher, mine)
    if codes:
        return render_template("people/recovery_codes.html", codes=codes, target=url_for(".my_account"))
    return back()


@blueprint.post("/my-account/passkeys/<uuid:passkey_id>/remove")
@allow(*STAFF)
def remove_passkey(passkey_id: UUID) -> Response:
    passkeys.own(session(), own_account().id, passkey_id)
    if is_proven():
        try:
            second_factor.remove_passkey(session(), runtime().settings, own_account(), passkey_id, now())
            flash(gettext("通行密钥已删除"))
        except CertengineError as error:
            flash(say(error), "danger")
    return back()
