"""What the pages for lists share, an officer's and an organisation's: the list as it is looked at, and what is wrong."""

from flask import render_template

from certengine.foundation.errors import CertengineError
from certengine.foundation.held_files import hold
from certengine.sittings import importing
from certengine.web.errors import say
from certengine.web.forms import ApplyListForm
from certengine.web.request import now, runtime, session


def said(error: CertengineError) -> list[str]:
    """A sentence for each problem, with its place where it has one."""
    problems = getattr(error, "problems", None)
    return (
        [f"{each.place}: {say(each)}" if each.place else say(each) for each in problems] if problems else [say(error)]
    )


def preview(content: bytes, name: str, *, back: str, target: str, act: str) -> str:
    """What would be done, row by row; the list is held until it is. back, target: addresses; act: words of the button.

    Raises Invalid for what is no list.
    """
    found = importing.look(content, name, now())
    form = ApplyListForm(formdata=None, digest=hold(session(), runtime(), content, now()), name=name)
    return render_template(
        "sittings/preview.html", found=found, name=name, form=form, say=say, back=back, target=target, act=act
    )
