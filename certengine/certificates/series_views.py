"""Whether every number that was given out is there: an institution's own series, a department's region's."""

from flask import render_template

from certengine.certificates import series
from certengine.certificates.models import CertificateState
from certengine.certificates.pages import blueprint
from certengine.people.actors import seen
from certengine.people.permissions import Permission
from certengine.web.access import allow
from certengine.web.request import session


@blueprint.get("/certificates/series")
@allow(Permission.CERTIFICATE_READ)
def number_series() -> str:
    of = seen()
    return render_template(
        "certificates/series.html",
        series=series.report(session(), of),
        State=CertificateState,
        with_institution=isinstance(of, str),
    )
