"""Who knew the used items beforehand is found beside the new ones; who did not is left in peace."""

import numpy as np

from certengine.marking.exposure import exposure, exposure_from_json

NAMES = [f"r:{number:03}" for number in range(200)]
USED = [number < 30 for number in range(60)]


def marks(cheats: tuple[int, ...], seed: int = 3) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    chance = np.random.default_rng(seed)
    b = chance.normal(size=60)
    theta = chance.normal(size=200)
    right = chance.random((200, 60)) < 1 / (1 + np.exp(-(theta[:, None] - b)))
    for person in cheats:
        right[person] = chance.random(60) < 1 / (1 + np.exp(-(-0.8 - b)))
        right[person, :30] = True
    return right.astype(np.int8), (np.ones(60), b, np.zeros(60))


def test_who_knew_the_used_items_is_listed_with_the_figures() -> None:
    table, parameters = marks((7, 90))
    found = exposure(NAMES, table, parameters, USED)
    assert (found.used, found.new, found.tested) == (30, 30, 200)
    assert {"r:007", "r:090"} <= {each.registration for each in found.people} and len(found.people) <= 4
    seventh = next(each for each in found.people if each.registration == "r:007")
    assert seventh.right == seventh.of == 30 and seventh.expected < 16 and seventh.new_right < 16
    assert exposure_from_json({**vars(found), "people": [vars(each) for each in found.people]}) == found


def test_honest_people_are_left_in_peace() -> None:
    table, parameters = marks(())
    assert len(exposure(NAMES, table, parameters, USED).people) <= 2


def test_where_nothing_is_new_or_nothing_was_used_nothing_is_compared() -> None:
    table, parameters = marks((7,))
    for used in (True, False):
        found = exposure(NAMES, table, parameters, [used] * 60)
        assert found.tested == 0 and found.people == ()
    few = exposure(NAMES, table, parameters, [number < 2 for number in range(60)])
    assert few.tested == 0 and few.used == 2
