from dataclasses import replace

from hypothesis import given

from certengine.bank.comparing import LONGEST, differences
from certengine.bank.rules import Item, Option
from tests.bank.factories import single
from tests.bank.strategies import items


def said(segments: object) -> str:
    return "".join(each.text for each in segments)  # type: ignore[attr-defined]


def test_the_changed_words_stand_out_on_both_sides() -> None:
    after = replace(single(), stem="按住一个键不放时，下列哪种办法最先发现它被松开")
    [found] = differences(single(), after)
    assert found.key == "stem"
    assert [each.text for each in found.before if each.changed] == ["扫描方式"]
    assert [each.text for each in found.after if each.changed] == ["办法"]


def test_an_option_is_named_by_its_id_and_moving_it_is_no_change() -> None:
    moved = replace(single(), options=tuple(reversed(single().options)))
    assert differences(single(), moved) == []
    changed = replace(single(), options=(*single().options[:3], Option("d", "并行")))
    [found] = differences(single(), changed)
    assert (found.key, found.place, said(found.before), said(found.after)) == ("options", "d", "脱机", "并行")


def test_what_is_new_and_what_is_gone_is_shown_whole() -> None:
    after = replace(single(), rationale="", reference="GB/T 5271.1")
    found = {each.key: each for each in differences(single(), after)}
    assert found["reference"].before == () and said(found["reference"].after) == "GB/T 5271.1"
    assert said(found["rationale"].before) == single().rationale and found["rationale"].after == ()


def test_a_very_long_text_is_shown_whole_rather_than_compared_for_minutes() -> None:
    long = replace(single(), stem="甲" * LONGEST)
    [found] = differences(long, replace(long, stem="乙" * LONGEST))
    assert len(found.before) == len(found.after) == 1


@given(items(), items())
def test_the_segments_put_together_are_the_texts(before: Item, after: Item) -> None:
    assert differences(before, before) == []
    for found in differences(before, after):
        assert said(found.before) != said(found.after)
        for this, that in ((found.before, found.after), (found.after, found.before)):
            if that:
                same = "".join(each.text for each in this if not each.changed)
                assert same == "".join(each.text for each in that if not each.changed)
