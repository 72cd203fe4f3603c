"""The room's pages, by what they are about."""

from certengine.programme import (
    application_views,
    base_views,
    document_views,
    exchange_views,
    notice_views,
    panel_views,
    participant_views,
    seminar_running_views,
    seminar_views,
)
from certengine.programme.pages import blueprint

__all__ = [
    "application_views",
    "base_views",
    "blueprint",
    "document_views",
    "exchange_views",
    "notice_views",
    "panel_views",
    "participant_views",
    "seminar_running_views",
    "seminar_views",
]
