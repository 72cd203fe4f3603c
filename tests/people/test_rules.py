from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certengine.people import rules
from certengine.people.models import Sex

TODAY = date(2026, 11, 25)
births = st.dates(date(1900, 1, 1), TODAY)


@st.composite
def resident_ids(draw: st.DrawFn) -> str:
    region = draw(st.sampled_from(["110105", "370102", "370202", "650102"]))
    first17 = f"{region}{draw(births):%Y%m%d}{draw(st.integers(0, 999)):03}"
    return first17 + rules.resident_id_check(first17)


@given(resident_ids())
def test_every_well_formed_number_is_accepted(number: str) -> None:
    assert isinstance(rules.parse_resident_id(number, TODAY), rules.ResidentId)


@given(resident_ids(), st.integers(0, 16), st.integers(1, 9))
def test_one_changed_digit_is_always_found(number: str, place: int, shift: int) -> None:
    changed = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert isinstance(rules.parse_resident_id(changed, TODAY), str)


@given(resident_ids(), st.integers(0, 16))
def test_two_exchanged_neighbours_are_always_found(number: str, place: int) -> None:
    if place < 16 and number[place] != number[place + 1]:
        changed = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        assert isinstance(rules.parse_resident_id(changed, TODAY), str)


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("11010519990101004X", "person.id_check"),
        ("11010519A901010040", "person.id_characters"),
        ("1101051999010100²0", "person.id_characters"),
        ("11010519990101004０", "person.id_characters"),
        ("11010519990101004", "person.id_length"),
        ("110105199902300046", "person.id_birth_date"),
        ("110105209901010041", "person.id_birth_date"),
    ],
)
def test_a_wrong_number_is_refused_with_its_reason(number: str, problem: str) -> None:
    assert rules.parse_resident_id(number, TODAY) == problem


def test_the_number_tells_birth_and_sex() -> None:
    parsed = rules.parse_resident_id("110105199901010040", TODAY)
    assert parsed == rules.ResidentId("110105199901010040", "110105", date(1999, 1, 1), Sex.FEMALE)


@pytest.mark.parametrize("dot", "·•・‧．")
def test_five_kinds_of_middle_dot_are_one_name(dot: str) -> None:
    assert rules.fold_name(f"古丽{dot}阿不都") == "古丽·阿不都"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [(" 张　三 ", "张三"), ("欧阳 娜娜", "欧阳娜娜"), ("Anna  Maria Ó", "Anna Maria Ó"), ("𠮷田", "𠮷田")],
)
def test_names_are_folded_without_losing_characters(typed: str, stored: str) -> None:
    assert rules.fold_name(typed) == stored


@given(resident_ids())
def test_a_masked_number_shows_neither_birth_date_nor_serial(number: str) -> None:
    masked = rules.mask_document(number)
    assert number[6:14] not in masked and len(masked) == len(number)


def test_credit_codes_are_checked() -> None:
    assert rules.credit_code_is_valid("91350100M000100Y43")
    assert not rules.credit_code_is_valid("91350100M000100Y44")
