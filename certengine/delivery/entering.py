"""The candidates' front door: ticket and document number, slowed down by failures and never shut by others'."""

from datetime import timedelta

from flask import request

from certengine.delivery import events
from certengine.foundation.errors import Problem
from certengine.people import attempts
from certengine.sittings import service as sittings
from certengine.sittings.service import CandidateView
from certengine.web import devices, throttle
from certengine.web.request import now, runtime, session
from certengine.web.throttle import Attempt, Pace, Paces

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
# A hall has one address: no count over all of its candidates, and no wait that would cost anyone much of an exam.
PACES = Paces(
    device=Pace(free=10, first=SECOND, longest=10 * SECOND, fades=timedelta(hours=1)),
    pair=Pace(free=5, first=2 * SECOND, longest=MINUTE, fades=DAY),
    subject=Pace(free=30, first=SECOND, longest=30 * SECOND, fades=DAY),
    network=None,
    spared=2,
)


def enter(ticket: str, number: str) -> CandidateView | Problem:
    """The candidate, or what to tell: that something was wrong (not what), or when to try again."""
    ticket, number = "".join(ticket.split())[:40], "".join(number.split()).upper()[:40]
    network = throttle.network_of(request.remote_addr)
    device = devices.known(f"ticket:{ticket}")
    # Both ways of guessing are counted: many documents for one ticket, and many tickets for one document.
    tried = [
        Attempt("ticket", ticket, network, PACES, device),
        Attempt("document", number, network, PACES, device),
    ]
    found: CandidateView | None = None

    def is_right() -> bool:
        nonlocal found
        found = sittings.candidate_by_ticket(session(), runtime().cipher, ticket, number, now())
        return found is not None

    problem = attempts.judged(tried, is_right, "delivery.wrong")
    if problem or found is None:
        return problem or Problem("", "delivery.wrong")
    data = {"address": request.remote_addr or "", "agent": request.user_agent.string[:200]}
    events.second_sign_in(session(), found.registration_id, device, data, now())
    devices.remember(f"ticket:{ticket}")
    return found
