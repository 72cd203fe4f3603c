"""The room's pages, by what they are about."""

from certengine.programme import (
    account_views,
    application_views,
    base_views,
    calendar_views,
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
    "account_views",
    "application_views",
    "base_views",
    "blueprint",
    "calendar_views",
    "document_views",
    "exchange_views",
    "notice_views",
    "panel_views",
    "participant_views",
    "seminar_running_views",
    "seminar_views",
]
