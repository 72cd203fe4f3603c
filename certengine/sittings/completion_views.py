"""Completion assessments: the classes that this institution assesses, and opening one as an exam."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext

from certengine.foundation.ids import random_code
from certengine.people.permissions import Permission
from certengine.sittings import completion
from certengine.sittings.pages import actor, blueprint, organisation
from certengine.training import completing
from certengine.web.access import allow
from certengine.web.request import now, session


@blueprint.get("/sittings/assessments")
@allow(Permission.SITTING_PLAN)
def assessments() -> str:
    return render_template(
        "sittings/assessments.html", rows=completion.assessments(session(), organisation()), token=random_code(20)
    )


@blueprint.post("/sittings/assessments/<uuid:class_id>/<token>")
@allow(Permission.SITTING_PLAN)
def open_assessment(class_id: UUID, token: str) -> Any:
    """The page's one-time token: a form sent twice opens one assessment."""
    opened = completing.class_assessed_by(session(), organisation(), class_id)
    plan = completion.open_assessment(
        session(), organisation(), opened, token=f"{token[:20]}{class_id.hex[:12]}", actor=actor(), now=now()
    )
    flash(gettext("结业考核已建立，学时与内容都完成的学员已报名。下一步：安排理论场次、排座、组卷。"))
    return redirect(url_for(".plan", plan_id=plan.id))
