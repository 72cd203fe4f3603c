"""What the pages of this room share."""

from flask import Blueprint

# Of one address, by page and by program apart.
LOOK_UPS = "120 per minute"
blueprint = Blueprint("certificates", __name__)
