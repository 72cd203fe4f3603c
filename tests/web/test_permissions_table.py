from certengine.people.permissions import HOLDS, Permission, Role
from tests.permissions_table import parts, table


def test_the_table_in_the_documents_is_that_of_the_program() -> None:
    _before, inside, _after = parts()
    assert inside == table(), "docs/security.md is stale; run: python -m tests.permissions_table"


def test_every_role_holds_something_and_every_permission_is_held() -> None:
    assert set(HOLDS) == set(Role) and all(HOLDS.values())
    # A candidate signs in with a ticket and has no role.
    assert frozenset().union(*HOLDS.values()) | {Permission.ATTEMPT_TAKE} == set(Permission)
