"""What scripts say: the analysis of a sitting, and the calibration of a bank."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.bank import service as bank
from certengine.delivery import service as delivery
from certengine.foundation.errors import CertengineError
from certengine.marking import calibrating, jobs, model_fit
from certengine.marking.fairness import FEWEST_IN_GROUP
from certengine.marking.models import SittingAnalysis
from certengine.marking.sitting_report import FEWEST, PAIR_LEVEL, PERSON_LEVEL, report_from_json
from certengine.marking.views import blueprint
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.sittings import service as sittings
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, session

MODELS = {"rasch": "Rasch", "2pl": "2PL", "3pl": "3PL"}


@blueprint.get("/marking/sittings/<uuid:sitting_id>/analysis")
@allow(Permission.RESULT_READ)
def analysis(sitting_id: UUID) -> str:
    """Precision of the scores, pairs that are very alike, scripts that fit badly; with seats, for people to weigh."""
    view = sittings.sitting_of(session(), staff().organisation_id, sitting_id)
    found = session().get(SittingAnalysis, sitting_id)
    places = {
        delivery.registration_key(each.registration_id): each for each in sittings.placements(session(), sitting_id)
    }
    return render_template(
        "marking/analysis.html",
        sitting=view,
        analysis=found,
        report=report_from_json(found.figures) if found else None,
        places=places,
        fewest=FEWEST,
        pair_level=PAIR_LEVEL,
        person_level=PERSON_LEVEL,
        fewest_for_fit=model_fit.FEWEST,
        models=MODELS,
        may_hand_over=staff().may(Permission.MISCONDUCT_DECIDE),
    )


def _bank(bank_id: UUID) -> Any:
    return bank.bank(session(), bank_id, staff().organisation_id)


@blueprint.get("/marking/banks/<uuid:bank_id>/calibration")
@allow(Permission.ITEM_REVIEW, Permission.BANK_WRITE)
def calibration(bank_id: UUID) -> str:
    found = calibrating.calibrations(session(), bank_id)
    newest = found[0] if found else None
    rows = calibrating.rows_of(newest) if newest else []
    return render_template(
        "marking/calibration.html",
        bank=_bank(bank_id),
        newest=newest,
        model=MODELS[newest.model] if newest else "",
        rows=sorted(rows, key=lambda row: (row.b is None, -abs(row.z or 0.0), row.code)),
        estimated=sum(row.b is not None for row in rows),
        changed=sum(row.changed and not row.variant for row in rows),
        running=jobs.running_calibration(session(), bank_id),
        fewest_in_group=FEWEST_IN_GROUP,
    )


@blueprint.post("/marking/banks/<uuid:bank_id>/calibration")
@allow(Permission.ITEM_REVIEW, Permission.BANK_WRITE)
def calibrate(bank_id: UUID) -> Response:
    _bank(bank_id)
    if not jobs.running_calibration(session(), bank_id):
        jobs.ask_calibration(session(), bank_id, staff().id, now())
    flash(gettext("已开始标定，完成后刷新本页查看"), "success")
    return _back(bank_id)


@blueprint.post("/marking/banks/<uuid:bank_id>/calibration/<uuid:calibration_id>/adopt")
@allow(Permission.BANK_WRITE)
def adopt(bank_id: UUID, calibration_id: UUID) -> Response:
    _bank(bank_id)
    try:
        count = calibrating.adopt(session(), bank_id, calibration_id, staff().id, now())
        flash(gettext("%(count)s 道题的新参数已作为新版本提出，等待另一人审核", count=count), "success")
    except CertengineError as error:
        flash(say(error), "danger")
    return _back(bank_id)


def _back(bank_id: UUID) -> Response:
    return redirect(url_for(".calibration", bank_id=bank_id))  # type: ignore[return-value]
