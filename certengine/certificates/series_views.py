"""Whether every number that was given out is there: an institution's own series, a department's region's."""

from uuid import UUID

from flask import render_template

from certengine.certificates import series
from certengine.certificates.models import CertificateState
from certengine.certificates.pages import blueprint
from certengine.people import reach
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.web.access import allow
from certengine.web.request import session


def seen() -> UUID | str:
    """A department sees the certificates of its region's institutions, an institution its own."""
    own = staff().organisation_id
    return reach.region_of(session(), own) if staff().may(Permission.OVERSIGHT_READ) else own


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
