"""The server is killed with SIGKILL in the middle of saving; what it acknowledged must be there."""

from pathlib import Path

import pytest

from certengine.rehearse import rehearse


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(tmp_path: Path, database_url: str) -> None:
    url = database_url if database_url.startswith("postgresql") else None
    # On PostgreSQL two services stand beside one another, and what one loses the other carries on.
    figures = rehearse(tmp_path, candidates=12, seconds=5, kills=2, database_url=url, servers=2 if url else 1)
    assert figures["lost"] == 0
    assert figures["acknowledged"] >= 100
    assert figures["stored"] >= figures["acknowledged"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_nothing_acknowledged_is_lost_when_one_server_after_the_other_is_restarted(
    tmp_path: Path, database_url: str
) -> None:
    figures = rehearse(tmp_path, 12, 4, kills=0, database_url=database_url, servers=2, restarts=2)
    assert figures["lost"] == 0
    assert figures["stored"] >= figures["acknowledged"] >= 100
