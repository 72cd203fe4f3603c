"""Notes that markers make at a place of an answer or of a file that was handed in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id


class Annotation(Base):
    """A comment at a place, of a written answer or of a file; selector is one of the W3C Web Annotation data model.

    Nothing is removed: a note that was taken back is kept with the time.
    """

    __tablename__ = "annotation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    answer_id: Mapped[UUID | None] = mapped_column(ForeignKey("written_answer.id"), index=True)
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("handed_file.id"), index=True)
    marker: Mapped[str] = mapped_column(String(80))
    marker_name: Mapped[str] = mapped_column(String(120))
    selector: Mapped[dict[str, Any]]
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
