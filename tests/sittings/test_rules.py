from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from certengine.sittings import rules
from certengine.standards.rules import STAFFING


@given(st.integers(0, 99_999))
def test_a_mistyped_ticket_number_is_no_other_candidates(number: int) -> None:
    ticket = rules.ticket_number("26110001", number)
    assert len(ticket) == 14 and ticket[-1] == rules.luhn_digit(ticket[:-1])
    changed = ticket[:5] + str((int(ticket[5]) + 1) % 10) + ticket[6:]
    assert rules.luhn_digit(changed[:-1]) != changed[-1]


@given(
    st.lists(st.sampled_from(["云海", "海蓝", "", "齐鲁"]), max_size=60),
    st.lists(st.integers(1, 20), min_size=1, max_size=5),
    st.text(max_size=8),
)
def test_seating_loses_nobody_and_gives_no_seat_twice(groups: list[str], rooms: list[int], seed: str) -> None:
    order = rules.seat_order([(number, str(number), group) for number, group in enumerate(groups)], seed)
    assert sorted(order) == list(range(len(groups)))
    placed = rules.fill_rooms(order, list(enumerate(rooms)))
    if placed is None:
        assert len(groups) > sum(rooms)
        return
    assert [key for key, _room, _seat in placed] == order
    assert len({(room, seat) for _key, room, seat in placed}) == len(placed)
    assert all(1 <= seat <= rooms[room] for _key, room, seat in placed)


def test_colleagues_do_not_sit_side_by_side_where_it_can_be_helped() -> None:
    groups = ["云海"] * 10 + ["海蓝"] * 10 + ["齐鲁"] * 10
    order = rules.seat_order([(number, str(number), group) for number, group in enumerate(groups)], "seed")
    neighbours = sum(groups[left] == groups[right] for left, right in zip(order, order[1:], strict=False))
    assert neighbours <= 3


def test_the_order_is_drawn_by_the_seed() -> None:
    candidates = [(number, str(number), "") for number in range(30)]
    orders = {tuple(rules.seat_order(candidates, str(seed))) for seed in range(20)}
    assert len(orders) == 20
    firsts = Counter(rules.seat_order(candidates, str(seed))[0] for seed in range(600))
    assert len(firsts) == 30


def test_staff_by_the_programmes_rule() -> None:
    assert [STAFFING.theory.needed(count) for count in (0, 1, 30, 31)] == [0, 2, 2, 3]
    assert [STAFFING.practical.needed(count) for count in (1, 30, 31)] == [3, 3, 5]


def test_a_plan_of_seats_runs_in_a_snake() -> None:
    assert [[cell.number for cell in row] for row in rules.seat_plan(2, 3)] == [[1, 2, 3], [6, 5, 4]]


def test_seats_adjoin_beside_and_behind() -> None:
    assert rules.adjoining(2, 3) == [(1, 2), (1, 6), (2, 3), (2, 5), (3, 4), (4, 5), (5, 6)]
    assert rules.adjoining(1, 1) == []
