import re

import pytest

from certengine.rooms import ROOMS
from tests.texts import catalogue, left_over, missing

PLACE = re.compile(r"%\((\w+)\)[sd]")


@pytest.mark.parametrize("room", ROOMS)
def test_every_text_has_its_english(room: str) -> None:
    assert missing(room) == []


@pytest.mark.parametrize("room", ROOMS)
def test_no_translation_outlives_its_text(room: str) -> None:
    assert left_over(room) == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_translation_has_the_places_of_its_text(room: str) -> None:
    for message in catalogue(room):
        if message.id:
            assert set(PLACE.findall(str(message.string))) == set(PLACE.findall(str(message.id))), message.id
