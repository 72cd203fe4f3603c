"""What a course's quiz may draw from a bank: the single choices of the organisation's own releases."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.bank.releases import released_items, releases
from certengine.bank.rendering import render_inline, render_markdown
from certengine.bank.rules import Item, ItemType
from certengine.foundation.errors import NotFound
from certengine.standards.service import standard
from certengine.training import quiz_sources
from certengine.training.course_rules import Question
from certengine.training.quiz_sources import Offer


class Releases:
    def offers(self, session: Session, organisation_id: UUID) -> Sequence[Offer]:
        """Newest first. Which bank is for practice and which for the exam is the organisation's to know."""
        return [
            Offer(str(each.id), f"{standard(each.field).title_zh} {each.edition}", each.items)
            for each in releases(session, organisation_id=organisation_id)
        ]

    def questions(self, session: Session, reference: str) -> Sequence[Question]:
        try:
            release_id = UUID(reference)
        except ValueError:
            raise NotFound("bank.no_release") from None
        return [_question(each) for each in released_items(session, release_id).items if _suits(each)]


def _suits(item: Item) -> bool:
    """Pictures are served to those who keep the bank alone."""
    return item.type is ItemType.SINGLE and "![" not in item.stem + "".join(each.text for each in item.options)


def _question(item: Item) -> Question:
    return Question(
        item.id,
        render_markdown(item.stem),
        tuple((each.id, render_inline(each.text)) for each in item.options),
        str(item.key),
        bool(item.fixed),
    )


quiz_sources.register("release", Releases())
