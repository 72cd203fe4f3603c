from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certengine.ledger import rules

sizes = st.integers(1, 700)


def leaves(count: int) -> list[bytes]:
    return [rules.leaf_hash(str(place).encode()) for place in range(count)]


def reader(hashes: list[bytes]) -> rules.ReadNode:
    return lambda level, index: rules.root_of(hashes[index << level : (index + 1) << level])


def test_the_roots_of_rfc_6962s_own_test_tree() -> None:
    entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    hashes = [rules.leaf_hash(bytes.fromhex(entry)) for entry in entries]
    assert rules.root_of(hashes[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert rules.root_of(hashes).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(sizes)
def test_a_root_from_subtrees_is_the_root_of_the_leaves(size: int) -> None:
    hashes = leaves(size)
    assert rules.tree_root(size, reader(hashes)) == rules.root_of(hashes)


@given(sizes, st.data())
def test_every_inclusion_proof_holds_and_for_no_other_leaf(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof = rules.inclusion_proof(index, size, reader(hashes))
    root = rules.root_of(hashes)
    assert rules.inclusion_holds(hashes[index], index, size, proof, root)
    assert not rules.inclusion_holds(rules.leaf_hash(b"other"), index, size, proof, root)
    if size > 1:
        assert not rules.inclusion_holds(hashes[index], (index + 1) % size, size, proof, root)
        broken = [proof[0][:-1] + bytes([proof[0][-1] ^ 1]), *proof[1:]]
        assert not rules.inclusion_holds(hashes[index], index, size, broken, root)
        assert not rules.inclusion_holds(hashes[index], index, size, [*proof, b"\0" * 32], root)


@given(sizes, st.data())
def test_every_consistency_proof_holds_and_for_no_rewritten_past(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    first = data.draw(st.integers(1, size))
    proof = rules.consistency_proof(first, size, reader(hashes))
    old, new = rules.root_of(hashes[:first]), rules.root_of(hashes)
    assert rules.consistency_holds(first, size, old, new, proof)
    rewritten = rules.root_of([rules.leaf_hash(b"rewritten"), *hashes[1:first]])
    assert not rules.consistency_holds(first, size, rewritten, new, proof)


@given(st.integers(0, 10**9 - 1), st.integers(1, 256))
def test_tile_addresses_read_back(number: int, width: int) -> None:
    path = rules.tile_number(number) + (f".p/{width}" if width < 256 else "")
    assert rules.parse_tile_number(path) == (number, width)


def test_tile_numbers_are_spelled_as_c2sp_spells_them() -> None:
    assert rules.tile_number(1234067) == "x001/x234/067"


@pytest.mark.parametrize(
    "path", ["1", "0001", "x000/001", "001.p/256", "001.p/0", "001.p/01", "../001", "x001/x23/067"]
)
def test_an_address_with_another_spelling_is_refused(path: str) -> None:
    with pytest.raises(ValueError):
        rules.parse_tile_number(path)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_commitment_binds_what_it_hides(one: str, other: str) -> None:
    first = rules.commitment(b"s" * 32, "a", "b", {"note": one})
    assert (first == rules.commitment(b"s" * 32, "a", "b", {"note": other})) == (one == other)
    assert first != rules.commitment(b"t" * 32, "a", "b", {"note": one})


def test_a_leaf_is_spelled_to_the_microsecond() -> None:
    at = datetime(2026, 11, 25, 4, 0, 0, 5, tzinfo=UTC)
    leaf = rules.leaf_entry("x.y", at, {"n": 1}, "00")
    assert leaf == b'{"at":"2026-11-25T04:00:00.000005Z","commitment":"00","kind":"x.y","public":{"n":1},"v":1}'
