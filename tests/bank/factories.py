"""Banks for tests: the model bank of artificial intelligence, and small items."""

from sqlalchemy.orm import Session

from certengine.bank import service
from certengine.bank.models import Bank
from certengine.bank.releases import ReleaseView
from certengine.bank.rules import Item, ItemType, Option
from certengine.foundation.runtime import Runtime
from certengine.standards.rules import Level
from tests.factories import organisation

FIELD = "artificial_intelligence"
AUTHOR = "account:author"
REVIEWER = "account:reviewer"


def model_bank(session: Session, runtime: Runtime) -> Bank:
    """The junior model bank, all of it approved by a second person."""
    now = runtime.clock.now()
    owner = organisation(session, runtime)
    outcome = service.import_model_bank(session, owner.id, FIELD, Level.JUNIOR, AUTHOR, now)
    assert outcome.import_id is not None
    service.approve_import(session, outcome.import_id, REVIEWER, now)
    return service.bank(session, outcome.bank_id)


def release(session: Session, runtime: Runtime) -> ReleaseView:
    bank = model_bank(session, runtime)
    made = service.release(session, bank_id=bank.id, actor=REVIEWER, now=runtime.clock.now())
    return service.released_items(session, made.id)


def empty_bank(session: Session, runtime: Runtime) -> Bank:
    owner = organisation(session, runtime)
    return service.open_bank(
        session, organisation_id=owner.id, field=FIELD, level=Level.JUNIOR, now=runtime.clock.now()
    )


def single(
    code: str = "ai-j-901", stem: str = "按住一个键不放时，下列哪种扫描方式最先发现它被松开", key: str = "b"
) -> Item:
    return Item(
        id=code,
        type=ItemType.SINGLE,
        outline="0.2.2",
        stem=stem,
        options=(Option("a", "轮询"), Option("b", "中断"), Option("c", "批处理"), Option("d", "脱机")),
        key=key,
        rationale="中断由硬件在变化的一刻触发。",
    )
