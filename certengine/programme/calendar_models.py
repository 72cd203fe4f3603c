from datetime import date

from sqlalchemy import Date, String
from sqlalchemy.orm import Mapped, mapped_column

from certengine.foundation.database import Base


class CalendarDay(Base):
    """A weekday that is free, or a Saturday or Sunday on which is worked. Days that are not here are as weekdays are."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    working: Mapped[bool]
    name: Mapped[str] = mapped_column(String(60))
