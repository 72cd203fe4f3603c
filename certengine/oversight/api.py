"""What a monitoring system reads: counts alone, in the text format of Prometheus."""

from flask import Blueprint, Response
from flask.blueprints import BlueprintSetupState
from sqlalchemy import func, select

from certengine.certificates.models import Certificate
from certengine.delivery.models import Attempt, AttemptState
from certengine.foundation.jobs import Job, JobState
from certengine.ledger import service as ledger
from certengine.ledger.models import LedgerEntry
from certengine.web.access import public
from certengine.web.interface import TEXT, add_paths, content, get
from certengine.web.request import session

blueprint = Blueprint("oversight_api", __name__)


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    counts = content("Counts (Prometheus)", "text/plain", TEXT)
    add_paths(state, {"/metrics": get("metrics", [], {"200": counts})})


@blueprint.get("/metrics")
@public("counts for monitoring; keep it from the outside in the proxy where they are nobody's business")
def metrics() -> Response:
    def count(*conditions: object) -> int:
        return session().scalar(select(func.count()).where(*conditions)) or 0  # type: ignore[arg-type]

    values = {
        "certengine_ledger_entries": ledger.tree_size(session()),
        "certengine_ledger_pending_entries": count(LedgerEntry.index.is_(None)),
        "certengine_attempts_running": count(Attempt.state == AttemptState.RUNNING),
        "certengine_certificates_issued": session().scalar(select(func.count()).select_from(Certificate)) or 0,
        "certengine_jobs_waiting": count(Job.state == JobState.WAITING),
        "certengine_jobs_failed": count(Job.state == JobState.FAILED),
    }
    text = "".join(f"# TYPE {name} gauge\n{name} {value}\n" for name, value in values.items())
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")
