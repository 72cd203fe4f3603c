"""The archive: a tar, compressed, with a seal at its end, so that any changed byte is seen before anything is used.

The seal is the SHA-256 of all bytes before it, put where tar, gzip and zstd pass over it: in the comment of an empty
gzip member, or in a skippable frame of zstd. So `tar xf` opens an archive without us.
"""

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import zstandard

FORMAT = "certengine-backup/1"
MANIFEST = "manifest.json"
GZIP, ZSTD = ".tar.gz", ".tar.zst"
BLOCK = 1 << 20
MAGIC = {b"\x1f\x8b": GZIP, b"\x28\xb5": ZSTD}
MEMBER = re.compile(r"(?:database|data)(?:/(?!\.{1,2}(?:/|$))[^/\0]+)+")


class Damaged(Exception):
    """Not an archive of ours, or not as it was written; the text says in what."""


@dataclass(frozen=True)
class Part:
    """A file of the archive."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What an archive says of itself. tables: rows of each; ledger: size, checkpoint and verifier key."""

    made_at: str
    program: str
    database: str
    revision: str
    base_url: str
    tables: dict[str, int]
    columns: dict[str, list[str]]
    sequences: dict[str, int]
    ledger: dict[str, Any]
    parts: dict[str, Part]
    format: str = FORMAT

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True).encode()


def read_manifest(content: bytes) -> Manifest:
    """Raises Damaged."""
    try:
        found = json.loads(content)
        if found["format"] != FORMAT:
            raise Damaged(f"it is of another format: {str(found['format'])[:60]}")
        parts = {name: Part(int(each["size"]), str(each["sha256"])) for name, each in found["parts"].items()}
        return Manifest(**{**found, "parts": parts})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Damaged("its manifest cannot be read") from None


def kind_of_name(path: Path) -> str | None:
    return next((kind for kind in (GZIP, ZSTD) if path.name.endswith(kind)), None)


def _seal(kind: str, digest: str) -> bytes:
    """An empty member that holds the digest, of one length always."""
    text = f"certengine {digest}".encode()
    if kind == GZIP:
        return b"\x1f\x8b\x08\x10" + bytes(5) + b"\xff" + text + b"\0" + b"\x03\0" + bytes(8)
    return b"\x50\x2a\x4d\x18" + len(text).to_bytes(4, "little") + text


class _Hashing(io.RawIOBase):
    """Passes bytes through, up to a limit, and keeps their hash."""

    def __init__(self, file: IO[bytes], limit: int | None = None) -> None:
        self._file, self._left = file, limit
        self.hash, self.size = hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._file.write(content)
        self.hash.update(content)
        self.size += len(content)
        return len(content)

    def read(self, size: int = -1) -> bytes:
        wanted = size if self._left is None else self._left if size < 0 else min(size, self._left)
        content = self._file.read(wanted)
        if self._left is not None:
            self._left -= len(content)
        self.hash.update(content)
        self.size += len(content)
        return content


class Writer:
    """Adds parts one after another; the manifest comes last, for it holds their hashes."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.parts: dict[str, Part] = {}

    def add(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            content = _Hashing(file)
            self._add(name, os.fstat(file.fileno()).st_size, content)
        self.parts[name] = Part(content.size, content.hash.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        content = manifest.to_json()
        self._add(MANIFEST, len(content), io.BytesIO(content))

    def _add(self, name: str, size: int, content: Any) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._tar.addfile(info, content)


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Writes an archive beside its place and moves it there when it is whole and durable; on an error nothing stays."""
    kind = kind_of_name(path)
    assert kind is not None
    draft = path.with_name(path.name + ".part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            hashing = _Hashing(file)  # type: ignore[arg-type]
            stream: Any
            if kind == GZIP:
                stream = gzip.GzipFile("", "wb", 6, hashing, mtime=0)  # type: ignore[arg-type]
            else:
                compressor = zstandard.ZstdCompressor(level=6, write_checksum=True)
                stream = compressor.stream_writer(hashing, closefd=False)  # type: ignore[arg-type]
            with stream, tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                yield Writer(tar)
            file.write(_seal(kind, hashing.hash.hexdigest()))
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes what was moved into a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_seal(path: Path) -> tuple[str, int]:
    """The archive's kind and the length of what is sealed. Raises Damaged when one byte is not as it was written."""
    with path.open("rb") as file:
        kind = MAGIC.get(file.read(2))
        if kind is None:
            raise Damaged("it is no archive of certengine")
        length = os.fstat(file.fileno()).st_size - len(_seal(kind, "0" * 64))
        if length <= 0:
            raise Damaged("it is cut off")
        file.seek(0)
        hashing = _Hashing(file, length)
        while hashing.read(BLOCK):
            pass
        if file.read() != _seal(kind, hashing.hash.hexdigest()):
            raise Damaged("it was changed or cut off since it was written")
    return kind, length


def extract(path: Path, folder: Path) -> Manifest:
    """Checks the seal, then lays all parts into the folder, each with the hash that the manifest gives it.

    Raises Damaged; what lies in the folder then is for the caller to throw away.
    """
    kind, length = check_seal(path)
    found: dict[str, Part] = {}
    manifest: Manifest | None = None
    try:
        with path.open("rb") as file:
            limited = _Hashing(file, length)
            stream: Any
            if kind == GZIP:
                stream = gzip.GzipFile(fileobj=limited, mode="rb")  # type: ignore[call-overload]
            else:
                stream = zstandard.ZstdDecompressor().stream_reader(limited, closefd=False)  # type: ignore[arg-type]
            with stream, tarfile.open(fileobj=stream, mode="r|") as tar:
                for info in tar:
                    if info.name == MANIFEST and info.isreg():
                        manifest = read_manifest(_member(tar, info).read())
                    else:
                        found[info.name] = _lay_down(tar, info, folder)
    except (tarfile.TarError, zstandard.ZstdError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Damaged(f"it cannot be unpacked ({error})") from None
    if manifest is None:
        raise Damaged("it has no manifest")
    if found != manifest.parts:
        differing = sorted(
            name for name in found.keys() | manifest.parts if found.get(name) != manifest.parts.get(name)
        )
        raise Damaged(f"{differing[0]} is not as its manifest says")
    return manifest


def _member(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(info)
    if content is None:
        raise Damaged(f"{info.name!r} is not a file")
    return content


def _lay_down(tar: tarfile.TarFile, info: tarfile.TarInfo, folder: Path) -> Part:
    if not info.isreg() or not MEMBER.fullmatch(info.name):
        raise Damaged(f"it holds something that no backup has: {info.name[:80]!r}")
    target = folder / info.name
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        kept = _Hashing(file)  # type: ignore[arg-type]
        content = _member(tar, info)
        while block := content.read(BLOCK):
            kept.write(block)
        file.flush()
        os.fsync(file.fileno())
    return Part(kept.size, kept.hash.hexdigest())
