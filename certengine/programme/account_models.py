import enum
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id


class AccountSide(enum.Enum):
    INCOME = "income"
    EXPENSE = "expense"


class AccountCategory(enum.Enum):
    """In the order in which a statement lists them: where the money came from, then where it went."""

    CENTRAL = "central"
    PROVINCIAL = "provincial"
    OWN = "own"
    OTHER_INCOME = "other_income"
    TEACHING = "teaching"
    LODGING = "lodging"
    MEALS = "meals"
    VENUE = "venue"
    MATERIALS = "materials"
    TRANSPORT = "transport"
    OTHER_EXPENSE = "other_expense"


INCOMES = frozenset(
    {AccountCategory.CENTRAL, AccountCategory.PROVINCIAL, AccountCategory.OWN, AccountCategory.OTHER_INCOME}
)


class SeminarAccountLine(Base):
    """One line of a seminar's accounts, in yuan, with its voucher where there is one."""

    __tablename__ = "seminar_account_line"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    seminar_id: Mapped[UUID] = mapped_column(ForeignKey("seminar.id"), index=True)
    category: Mapped[AccountCategory]
    note: Mapped[str] = mapped_column(String(200))
    amount: Mapped[Decimal]
    name: Mapped[str] = mapped_column(String(160), default="")
    digest: Mapped[str | None] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(80), default="")
    token: Mapped[str] = mapped_column(String(40), unique=True)
    added_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(String(80))

    @property
    def side(self) -> AccountSide:
        return AccountSide.INCOME if self.category in INCOMES else AccountSide.EXPENSE
