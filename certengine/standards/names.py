"""Names of fields and directions in the language of the request; Chinese outside of one."""

from flask_babel import get_locale

from certengine.standards.rules import Node, Standard
from certengine.standards.service import fields, standard


def is_english() -> bool:
    return str(get_locale()) == "en"


def _name(of: Standard) -> str:
    return of.title_en if is_english() else of.title_zh


def field_name(field: str) -> str:
    return _name(standard(field))


def node_name(node: Node) -> str:
    return (is_english() and node.en) or node.zh


def field_names() -> dict[str, str]:
    """By the fields' ids, in the order of the programme."""
    return {each.field: _name(each) for each in fields()}


def field_choices() -> list[tuple[str, str]]:
    """For a form."""
    return list(field_names().items())


def direction_choices() -> list[tuple[str, str]]:
    """For a form: every direction behind its field."""
    return [
        (direction.id, f"{_name(each)} · {(is_english() and direction.en) or direction.zh}")
        for each in fields()
        for direction in each.directions
    ]
