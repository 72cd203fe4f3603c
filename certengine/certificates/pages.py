"""What the pages of this room share."""

from flask import Blueprint

blueprint = Blueprint("certificates", __name__)
