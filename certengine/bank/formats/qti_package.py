"""The files of a QTI package: a ZIP of items and what lies beside them."""

import hashlib
import json
import posixpath
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from certengine.bank.formats.qti_writing import OWN_FILE
from certengine.foundation.errors import Invalid, Problem

LONGEST_PACKAGE = 200 * 1024 * 1024
Load = Callable[[str], bytes | None]


def xml_files(data: bytes, name: str) -> Iterator[tuple[str, bytes, dict[str, Any] | None, Load]]:
    """The XML files of a package, each with the bank's own spelling where it is still the file that was written."""
    try:
        archive = zipfile.ZipFile(BytesIO(data))
        members = archive.infolist()
        if sum(member.file_size for member in members) > LONGEST_PACKAGE:
            raise Invalid([Problem(name, "bank.too_large_package")])
        own = json.loads(archive.read(OWN_FILE)) if OWN_FILE in archive.namelist() else {}
        for member in members:
            if PurePosixPath(member.filename).suffix.lower() == ".xml" and not member.is_dir():
                content = archive.read(member)
                beside = _beside(archive, PurePosixPath(member.filename).parent)
                yield member.filename, content, _unchanged(own, member.filename, content), beside
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError):
        raise Invalid([Problem(name, "bank.qti_package")]) from None


def _beside(archive: zipfile.ZipFile, folder: PurePosixPath) -> Load:
    """Files of the package by their address in an item of this folder."""

    def load(address: str) -> bytes | None:
        path = posixpath.normpath(f"{folder}/{unquote(address)}")
        return archive.read(path) if path in archive.namelist() else None

    return load


def _unchanged(own: Any, path: str, content: bytes) -> dict[str, Any] | None:
    kept = own.get(path) if isinstance(own, dict) else None
    if not isinstance(kept, dict) or kept.get("sha256") != hashlib.sha256(content).hexdigest():
        return None
    return kept.get("content") if isinstance(kept.get("content"), dict) else None
