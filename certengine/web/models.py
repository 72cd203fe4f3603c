from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from certengine.foundation.database import Base


class Throttle(Base):
    """Failed attempts of one kind by or against one party; the key is a keyed hash, so that it names nobody."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)


class RequestCount(Base):
    """Requests of one address in one window; see `counting`."""

    __tablename__ = "request_count"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    count: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class FormReceipt(Base):
    """Where a form led that was sent once already; see `once`. The key is a hash of what was sent."""

    __tablename__ = "form_receipt"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    location: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column(index=True)
