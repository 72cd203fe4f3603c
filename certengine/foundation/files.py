"""A store of files by the hash of their bytes: written once, never changed."""

import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path


class FileStore:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Keeps the bytes durably and returns their SHA-256 in hex."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._place(digest)
        if path.exists():
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{digest}.{uuid.uuid4().hex}")
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        return digest

    def remove(self, digest: str) -> None:
        """Takes a file away for good; one that is gone already stays so."""
        self._place(digest).unlink(missing_ok=True)

    def write_part(self, name: uuid.UUID, offset: int, part: bytes) -> None:
        """Writes durably a part of a file that arrives in parts; the same part again changes nothing."""
        path = self._draft(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.seek(offset)
            file.write(part)
            file.flush()
            os.fsync(file.fileno())

    def parts_digest(self, name: uuid.UUID) -> tuple[int, str]:
        """Length and SHA-256 in hex of what has arrived. Raises FileNotFoundError."""
        with self._draft(name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return file.tell(), digest

    def keep_parts(self, name: uuid.UUID, digest: str) -> None:
        """Keeps a whole file under its hash; what it came from stays until `drop_parts`."""
        path = self._place(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            os.link(self._draft(name), path)

    def adopt(self, path: Path) -> str:
        """Keeps a large file that was written elsewhere on the same disk; returns its SHA-256 in hex."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        kept = self.path(digest)
        kept.parent.mkdir(parents=True, exist_ok=True)
        if not kept.exists():
            os.link(path, kept)
        return digest

    def drop_parts(self, name: uuid.UUID) -> None:
        self._draft(name).unlink(missing_ok=True)

    def _draft(self, name: uuid.UUID) -> Path:
        return self._folder / "arriving" / name.hex

    def digests(self) -> Iterator[str]:
        """Of all files, in order."""
        for folder in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
            yield from sorted(path.name for path in folder.iterdir() if len(path.name) == 64)

    def get(self, digest: str) -> bytes:
        """Raises FileNotFoundError."""
        return self.path(digest).read_bytes()

    def is_whole(self, digest: str) -> bool:
        """Whether the file is there with the bytes that were put."""
        try:
            return hashlib.sha256(self.get(digest)).hexdigest() == digest
        except FileNotFoundError:
            return False

    def whole(self, digests: Iterable[str]) -> set[str]:
        """Those of them that are whole."""
        return {digest for digest in set(digests) if self.is_whole(digest)}

    def path(self, digest: str) -> Path:
        return self._place(digest)

    def _place(self, digest: str) -> Path:
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise ValueError("not a SHA-256 in hex")
        return self._folder / digest[:2] / digest
