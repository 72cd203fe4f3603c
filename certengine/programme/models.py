"""The tables of seminars and bases; selections, notices and documents stand in their own modules."""

from certengine.programme import (
    account_models,
    application_models,
    base_models,
    calendar_models,
    document_models,
    seminar_models,
)
from certengine.programme.base_models import BaseReport, BaseState, Tier, TrainingBase
from certengine.programme.seminar_models import Seminar, SeminarState

__all__ = [
    "account_models",
    "application_models",
    "base_models",
    "calendar_models",
    "document_models",
    "seminar_models",
    "BaseReport",
    "BaseState",
    "Seminar",
    "SeminarState",
    "Tier",
    "TrainingBase",
]
