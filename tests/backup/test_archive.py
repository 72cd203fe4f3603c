import gzip
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certengine.backup import archive
from certengine.backup.archive import Damaged, Manifest

KINDS = (".tar.gz", ".tar.zst")
keeping_the_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def manifest(parts: dict[str, archive.Part]) -> Manifest:
    return Manifest("2026-11-25T04:00:00+00:00", "0.1", "sqlite", "0001", "https://x", {"a": 1}, {}, {}, {}, parts)


def written(folder: Path, kind: str, contents: dict[str, bytes]) -> Path:
    """An archive of these parts."""
    path = folder / f"backup{kind}"
    path.unlink(missing_ok=True)
    source = folder / "source"
    with archive.writing(path) as writer:
        for name, content in contents.items():
            source.write_bytes(content)
            writer.add(name, source)
        writer.finish(manifest(writer.parts))
    return path


CONTENTS = {"database/certengine.db": b"rows" * 300, "data/files/ab/cd": b"\0\xff" * 20, "data/demo/空.json": b""}


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_put_in_comes_out(tmp_path: Path, kind: str) -> None:
    path, to = written(tmp_path, kind, CONTENTS), tmp_path / "to"
    assert set(archive.extract(path, to).parts) == set(CONTENTS)
    assert {name: (to / name).read_bytes() for name in CONTENTS} == CONTENTS
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", KINDS)
@keeping_the_folder
@given(place=st.integers(0), change=st.integers(1, 255))
def test_an_archive_of_which_one_byte_was_changed_is_refused(
    tmp_path: Path, kind: str, place: int, change: int
) -> None:
    path, to = written(tmp_path, kind, CONTENTS), tmp_path / "to"
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= change
    path.write_bytes(content)
    with pytest.raises(Damaged):
        archive.extract(path, to)
    assert not to.exists()


@pytest.mark.parametrize("kind", KINDS)
@keeping_the_folder
@given(length=st.integers(0), more=st.binary(min_size=1, max_size=200))
def test_an_archive_that_was_cut_off_or_grew_is_refused(tmp_path: Path, kind: str, length: int, more: bytes) -> None:
    path, to = written(tmp_path, kind, CONTENTS), tmp_path / "to"
    whole = path.read_bytes()
    for content in (whole[: length % len(whole)], whole + more):
        path.write_bytes(content)
        with pytest.raises(Damaged):
            archive.extract(path, to)
    assert not to.exists()


def test_common_tools_open_it_without_us(tmp_path: Path) -> None:
    path = written(tmp_path, ".tar.gz", CONTENTS)
    listed = subprocess.run(["tar", "tzf", path], capture_output=True, text=True, check=True)
    assert listed.stdout.split("\n")[0] == "database/certengine.db" and listed.stderr == ""
    with gzip.open(path) as stream:
        assert len(stream.read()) % 512 == 0


@pytest.mark.parametrize("name", ["../evil", "data/../../evil", "/etc/evil", "data", "other/file", "data//x"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, ".tar.gz", {name: b"x"})
    with pytest.raises(Damaged):
        archive.extract(path, tmp_path / "deep" / "to")
    assert not (tmp_path / "evil").exists()


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "backup.tar.gz"
    with archive.writing(path) as writer:
        link = tarfile.TarInfo("data/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        writer._tar.addfile(link)
        writer.finish(manifest({}))
    with pytest.raises(Damaged):
        archive.extract(path, tmp_path / "to")


def test_a_part_that_is_not_as_the_manifest_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "backup.tar.zst"
    (tmp_path / "source").write_bytes(b"x")
    with archive.writing(path) as writer:
        writer.add("data/x", tmp_path / "source")
        writer.finish(manifest({"data/x": archive.Part(1, "0" * 64)}))
    with pytest.raises(Damaged, match="data/x"):
        archive.extract(path, tmp_path / "to")


def test_of_an_archive_that_could_not_be_finished_nothing_stays(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), archive.writing(tmp_path / "backup.tar.gz"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
