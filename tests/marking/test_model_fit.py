"""Scripts by the model fit it; an item that goes its own way is named; different papers are not tested."""

from dataclasses import asdict

import numpy as np

from certengine.marking.analysis import Script
from certengine.marking.model_fit import FEWEST, model_fit_from_json, model_fits


def scripts(people: int, odd: bool = False, seed: int = 4) -> dict[str, Script]:
    """20 items by a 2PL; the odd one is answered right the less, the abler somebody is, above the middle."""
    chance = np.random.default_rng(seed)
    a, b = chance.uniform(0.8, 1.6, 20), chance.normal(size=20)
    theta = chance.normal(size=people)
    right = 1 / (1 + np.exp(-a * (theta[:, None] - b)))
    if odd:
        right[:, 5] = np.where(np.abs(theta) < 0.7, 0.9, 0.2)
    given = chance.random((people, 20)) < right
    points = {f"i{item:02}": 2.0 for item in range(20)}
    return {
        f"r:{person:04}": Script({f"i{item:02}": 2.0 * row[item] for item in range(20)}, points, {})
        for person, row in enumerate(given)
    }


def test_scripts_by_the_model_fit_and_hardly_any_item_is_named() -> None:
    [found] = model_fits(scripts(800))
    assert found.scripts == 800 and found.of == 20 and found.model == "2pl"
    assert found.rmsea < 0.03 and len(found.items) <= 1
    assert model_fit_from_json(asdict(found)) == found


def test_an_item_that_goes_its_own_way_is_named() -> None:
    [found] = model_fits(scripts(1500, odd=True))
    assert "i05" in {each.item for each in found.items} and len(found.items) <= 4


def test_few_scripts_of_a_form_are_not_tested_and_each_form_is_tested_alone() -> None:
    assert model_fits(scripts(FEWEST - 1)) == ()
    one = scripts(FEWEST)
    other = {
        f"s{name}": Script(
            {f"x{i}": v for i, v in each.earned.items()}, {f"x{i}": v for i, v in each.points.items()}, {}
        )
        for name, each in scripts(FEWEST + 50, seed=5).items()
    }
    assert [each.scripts for each in model_fits(one | other)] == [FEWEST + 50, FEWEST]
    assert [each.model for each in model_fits(one)] == ["rasch"]
