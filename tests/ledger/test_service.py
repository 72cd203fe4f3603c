import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from certengine.foundation.runtime import Runtime
from certengine.ledger import notes, rules, service
from certengine.ledger.models import LedgerEntry


def write(runtime: Runtime, number: int, count: int = 1) -> None:
    with runtime.unit_of_work() as session:
        for place in range(count):
            service.record(
                session,
                kind="test.done",
                actor="account:1",
                subject=f"thing:{number}",
                now=runtime.clock.now() + timedelta(microseconds=number * 1000 + place),
                public={"number": number},
                private={"name": "𠮷田"},
            )


def check_whole(runtime: Runtime) -> int:
    """Recomputes every hash of the log from what is stored; returns its size."""
    with runtime.unit_of_work(read_only=True) as session:
        note = service.latest_checkpoint(session)
        assert note is not None
        checkpoint = notes.open_checkpoint(note, service.verifier(session, runtime))
        entries = session.scalars(
            select(LedgerEntry).where(LedgerEntry.index.is_not(None)).order_by(LedgerEntry.index)
        ).all()
        assert [entry.index for entry in entries] == list(range(checkpoint.size))
        for entry in entries:
            bound = rules.commitment(entry.salt, entry.actor, entry.subject, entry.private)
            assert entry.leaf == rules.leaf_entry(entry.kind, entry.at, entry.public, bound)
        assert rules.root_of(rules.leaf_hash(entry.leaf) for entry in entries) == checkpoint.root
        return checkpoint.size


def test_an_act_gets_its_place_and_its_receipt_holds(runtime: Runtime) -> None:
    with runtime.unit_of_work() as session:
        entry = service.record(session, kind="x.y", actor="a", subject="s:1", now=runtime.clock.now(), public={"n": 1})
        assert service.receipt(session, entry).pending
    write(runtime, 2, 600)
    assert service.sequence(runtime) == 601
    with runtime.unit_of_work(read_only=True) as session:
        receipt = service.receipt(session, entry)
        checkpoint = notes.open_checkpoint(receipt.checkpoint or "", service.verifier(session, runtime))
        assert receipt.index is not None and receipt.tree_size == checkpoint.size == 601
        proof = [bytes.fromhex(node) for node in receipt.proof]
        leaf = rules.leaf_hash(receipt.leaf.encode())
        assert rules.inclusion_holds(leaf, receipt.index, checkpoint.size, proof, checkpoint.root)
    check_whole(runtime)


def test_an_act_that_is_rolled_back_leaves_no_entry(runtime: Runtime) -> None:
    with pytest.raises(RuntimeError), runtime.unit_of_work() as session:
        service.record(session, kind="x.y", actor="a", subject="s:1", now=runtime.clock.now())
        raise RuntimeError
    assert service.sequence(runtime) == 0
    assert check_whole(runtime) == 0


def test_fifty_writers_and_two_sequencers_make_one_chain_also_from_an_empty_table(runtime: Runtime) -> None:
    with ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(write, runtime, number, 3) for number in range(50)]
        sequencers = [pool.submit(service.sequence, runtime, 20) for _ in range(6)]
        for each in (*writers, *sequencers):
            each.result()
    while service.sequence(runtime, 40):
        pass
    assert check_whole(runtime) == 150


@pytest.mark.parametrize("step", ["_grow", "_locked_head"])
def test_a_crash_in_the_middle_of_sequencing_loses_nothing(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    write(runtime, 1, 300)
    service.sequence(runtime)
    write(runtime, 2, 300)

    def crash(*_: object) -> None:
        raise OSError("power")

    with monkeypatch.context() as patch:
        patch.setattr(service, step, crash)
        with pytest.raises(OSError):
            service.sequence(runtime)
    assert check_whole(runtime) == 300
    service.sequence(runtime)
    assert check_whole(runtime) == 600


def test_a_crash_while_signing_loses_nothing(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    write(runtime, 1, 10)
    with monkeypatch.context() as patch:
        patch.setattr(notes, "sign", lambda *_: os.stat("/nonexistent"))
        with pytest.raises(FileNotFoundError):
            service.sequence(runtime)
    service.sequence(runtime)
    assert check_whole(runtime) == 10


def test_a_crash_at_any_step_leaves_the_old_log_whole_and_the_next_run_goes_on(runtime: Runtime) -> None:
    """The connection is lost before each statement of a run in turn, and before its commit."""
    write(runtime, 1, 250)
    service.sequence(runtime)
    write(runtime, 2, 20)
    crashed, step = True, 0
    while crashed:
        step, crashed, seen = step + 1, False, 0

        def lost(*_: object) -> None:
            nonlocal seen, crashed
            seen += 1
            if seen == step:  # noqa: B023
                crashed = True
                raise OSError("connection lost")

        events = ("before_cursor_execute", "commit")
        for name in events:
            event.listen(runtime.engine, name, lost)
        try:
            service.sequence(runtime)
        except OSError:
            pass
        finally:
            for name in events:
                event.remove(runtime.engine, name, lost)
        # What a dead process held is gone with it.
        runtime.engine.dispose()
        assert check_whole(runtime) == (250 if crashed else 270), step
    assert step > 6


def test_the_log_grows_over_many_tiles_in_uneven_batches(runtime: Runtime) -> None:
    with runtime.unit_of_work() as session:
        now = runtime.clock.now()
        service.record_many(
            session,
            [{"kind": "x.y", "actor": "a", "subject": "s", "now": now, "public": {"n": n}} for n in range(1500)],
        )
    while service.sequence(runtime, 333):
        pass
    assert check_whole(runtime) == 1500


def test_history_tells_what_was_done_to_a_subject_newest_first(runtime: Runtime) -> None:
    write(runtime, 7, 2)
    write(runtime, 8)
    with runtime.unit_of_work(read_only=True) as session:
        found = service.history(session, "thing:7")
    assert [entry.private for entry in found] == [{"name": "𠮷田"}] * 2
    assert found[0].at > found[1].at
