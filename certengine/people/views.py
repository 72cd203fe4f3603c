from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from certengine.foundation.errors import Problem
from certengine.people import account_views, actors, service
from certengine.people.forms import SignInForm
from certengine.people.pages import blueprint
from certengine.web.access import public
from certengine.web.errors import say
from certengine.web.request import session
from certengine.web.security import limiter


def _local(target: str) -> str:
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else url_for("home")


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public("signing in")
@limiter.limit("30 per minute", methods=["POST"])
def sign_in() -> str | Response | tuple[str, int]:
    form = SignInForm(next=request.args.get("next", ""))
    if not form.validate_on_submit():
        return render_template("people/sign_in.html", form=form, problem=None)
    account = service.account_by_login(session(), (form.login.data or "").strip())
    if account is None or not service.check_password(account, form.password.data or ""):
        problem = say(Problem("", "account.wrong"))
        return render_template("people/sign_in.html", form=form, problem=problem), 422
    actors.sign_in("account", str(account.id))
    return redirect(_local(form.next.data or "/"))  # type: ignore[return-value]


@blueprint.post("/sign-out")
@public("anyone may leave")
def sign_out() -> Any:
    actors.sign_out()
    return redirect(url_for("home"))


__all__ = ["account_views", "blueprint"]
