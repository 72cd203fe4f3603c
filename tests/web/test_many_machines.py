"""What several processes and machines share: counts of floods, files in an object storage, a replica to read from."""

import hashlib
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import text

from certengine.app import create_app
from certengine.certificates.lookup import LookUps
from certengine.foundation.files import FileStore
from certengine.foundation.object_storage import ObjectStore
from certengine.foundation.runtime import Runtime, use
from certengine.rehearse import free_port
from tests.asgi import Behind, request, run


def test_floods_are_counted_across_processes_where_they_share_a_database(runtime: Runtime) -> None:
    runtime.settings = replace(runtime.settings, rate_limits="database://")
    one, other = (create_app(use(runtime), TESTING=True, RATELIMIT_ENABLED=True) for _ in range(2))
    answers = [app.test_client().get("/v/NONE").status_code for _ in range(60) for app in (one, other)]
    assert 429 not in answers
    assert one.test_client().get("/v/NONE").status_code == 429
    assert other.test_client().get("/v/NONE").status_code == 429
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    assert other.test_client().get("/v/NONE", environ_overrides=elsewhere).status_code != 429


def test_nobody_is_refused_because_the_counts_are_out_of_reach(runtime: Runtime) -> None:
    runtime.settings = replace(runtime.settings, rate_limits="database://")
    app = create_app(use(runtime), TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=True)
    with runtime.engine.begin() as connection:
        connection.execute(text("DROP TABLE request_count"))
    assert app.test_client().get("/verify").status_code == 200


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis server of its own, that keeps nothing, with its address."""
    port = free_port()
    arguments = ["--port", str(port), "--save", "", "--dir", str(tmp_path_factory.mktemp("redis"))]
    server = subprocess.Popen(["redis-server", *arguments], stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert any(b"Ready to accept connections" in line for line in server.stdout)
    yield f"redis://127.0.0.1:{port}", server
    server.kill()
    server.wait()


def test_floods_are_counted_in_redis_and_where_it_goes_away_nobody_is_refused(
    runtime: Runtime, redis: tuple[str, subprocess.Popen[bytes]]
) -> None:
    address, server = redis
    runtime.settings = replace(runtime.settings, rate_limits=address)
    app = create_app(use(runtime), TESTING=True, RATELIMIT_ENABLED=True)
    behind = Behind(app)
    door = LookUps(app, behind, runtime)
    ask = lambda: run(request(door, "GET", "/v/NONE")).status  # noqa: E731
    # By the door and by the application: one count.
    answers = [each for _ in range(60) for each in (ask(), app.test_client().get("/v/NONE").status_code)]
    assert 429 not in answers
    assert app.test_client().get("/v/NONE").status_code == 429 and app.test_client().get("/verify").status_code == 200
    server.kill()
    server.wait()
    assert app.test_client().get("/v/NONE").status_code == 404
    assert ask() == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_pages_that_may_lag_are_read_from_the_replica_and_others_are_not(runtime: Runtime, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "test.db", tmp_path / "replica.db")
    runtime.settings = replace(runtime.settings, read_database_url=f"sqlite:///{tmp_path / 'replica.db'}")
    client = create_app(use(runtime), TESTING=True, RATELIMIT_ENABLED=False).test_client()
    with runtime.replica.begin() as connection:
        connection.execute(text("DROP TABLE ledger_entry"))
    with pytest.raises(Exception, match="ledger_entry"):
        client.get("/ledger")
    assert client.get("/readyz").status_code == 200 and client.get("/verify").status_code == 200
    runtime.replica.dispose()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_where_the_replica_is_away_its_pages_are_read_from_the_database_itself(runtime: Runtime) -> None:
    gone = f"postgresql+psycopg://postgres@127.0.0.1:{free_port()}/gone"
    runtime.settings = replace(runtime.settings, read_database_url=gone)
    client = create_app(use(runtime), TESTING=True, RATELIMIT_ENABLED=False).test_client()
    assert [client.get("/ledger").status_code for _number in range(2)] == [200, 200]
    assert client.get("/v/NONE").status_code == 404
    runtime.replica.dispose()


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def machines(storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[ObjectStore]:
    """Two machines with a folder each over one bucket."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket = f"b{uuid.uuid4().hex}"
    boto3.client("s3", endpoint_url=storage).create_bucket(Bucket=bucket)
    return [ObjectStore(tmp_path / name, f"s3://{bucket}/exam", storage) for name in ("one", "two")]


def test_a_file_put_on_one_machine_is_read_on_another(machines: list[ObjectStore]) -> None:
    one, two = machines
    digest = one.put(b"photograph")
    assert two.get(digest) == b"photograph" and two.is_whole(digest) and list(two.digests()) == [digest]
    assert two.path(digest).read_bytes() == b"photograph"
    with pytest.raises(FileNotFoundError):
        two.get(hashlib.sha256(b"none").hexdigest())


def test_what_was_changed_in_the_storage_is_not_taken_for_the_file(machines: list[ObjectStore]) -> None:
    one, two = machines
    digest = one.put(b"certificate")
    one._client.put_object(Bucket=one._bucket, Key=one._key(digest), Body=b"forged")
    assert not two.is_whole(digest)
    with pytest.raises(FileNotFoundError):
        two.get(digest)


def test_parts_of_one_file_may_arrive_at_different_machines(machines: list[ObjectStore]) -> None:
    one, two = machines
    name, whole = uuid.uuid4(), b"0123456789"
    one.write_part(name, 0, whole[:4])
    two.write_part(name, 4, whole[4:])
    two.write_part(name, 4, whole[4:])
    size, digest = one.parts_digest(name)
    assert (size, digest) == (10, hashlib.sha256(whole).hexdigest())
    one.keep_parts(name, digest)
    one.drop_parts(name)
    assert two.get(digest) == whole and list(two.digests()) == [digest]
    with pytest.raises(FileNotFoundError):
        two.parts_digest(name)


def test_an_installation_moves_from_its_folder_into_the_storage(machines: list[ObjectStore]) -> None:
    one, two = machines
    digest = FileStore(one._folder).put(b"old")
    assert [one.upload(each) for each in one.local_digests()] == [True]
    assert [one.upload(each) for each in one.local_digests()] == [False]
    assert two.get(digest) == b"old"
