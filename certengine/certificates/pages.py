"""What the pages of this room share."""

from flask import Blueprint

from certengine.people.actors import Staff
from certengine.web.access import current_actor

blueprint = Blueprint("certificates", __name__)


def staff() -> Staff:
    actor = current_actor()
    assert isinstance(actor, Staff)
    return actor
