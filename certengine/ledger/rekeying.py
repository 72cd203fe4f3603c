"""Puts another key in the place of the log's."""

from certengine.foundation.runtime import Runtime
from certengine.ledger import handover, notes, service


def replace_key(runtime: Runtime, actor: str, *, stolen: bool) -> notes.Verifier:
    """Everything pending is signed by the old key first, and the entry that names the new one; returns the new one."""
    while service.sequence(runtime):
        pass
    with runtime.unit_of_work() as session:
        old, key = service.verifier(session, runtime), runtime.keys.ed25519(handover.name(session))
        new = notes.verifier_of(old.name, runtime.keys.ed25519(handover.next_name(session)))
        public, now = handover.said(old, key, new, stolen), runtime.clock.now()
        service.record(session, kind=handover.KIND, actor=actor, subject="ledger", now=now, public=public, private={})
    while service.sequence(runtime):
        pass
    with runtime.unit_of_work() as session:
        handover.sign_head(session, runtime)
    return new
