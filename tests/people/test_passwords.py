import pytest
from argon2 import Type
from argon2.exceptions import VerifyMismatchError

from tests.conftest import HASHER_IN_SERVICE


def test_in_service_passwords_cost_what_rfc_9106_asks_at_least() -> None:
    hasher = HASHER_IN_SERVICE()
    assert hasher.type is Type.ID and hasher.memory_cost >= 64 * 1024 and hasher.time_cost >= 3
    kept = hasher.hash("correct horse")
    assert kept.startswith("$argon2id$") and hasher.verify(kept, "correct horse")
    with pytest.raises(VerifyMismatchError):
        hasher.verify(kept, "correct house")
