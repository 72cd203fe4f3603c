"""Many files checked at once: a ZIP with PDFs, or a folder; one answer for each, in the order of their names."""

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO

from openpyxl import Workbook
from sqlalchemy.orm import Session

from certengine.certificates import checking
from certengine.certificates.checking import FileCheck
from certengine.foundation.errors import Invalid, Problem
from certengine.foundation.runtime import Runtime
from certengine.foundation.spreadsheets import append_texts, saved

MOST_FILES, LARGEST_FILE = 500, 4_000_000


@dataclass(frozen=True)
class Answer:
    """check is None for what is no certificate's file at all."""

    name: str
    check: FileCheck | None


def check_zip(session: Session, runtime: Runtime, content: bytes) -> list[Answer]:
    """Raises Invalid for what is no ZIP, or holds too many or too large files."""
    answers = []
    for name, pdf in _members(content):
        try:
            # Hundreds of altered files are not drawn: the signature alone says that they are.
            check = checking.check_file(session, runtime, pdf, look=False)
        except Invalid:
            check = None
        answers.append(Answer(name, check))
    return answers


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        archive = zipfile.ZipFile(BytesIO(content))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise Invalid([Problem("files", "certificate.zip_unreadable")]) from None
    members = [each for each in archive.infolist() if not each.is_dir() and not _is_of_the_system(each.filename)]
    if len(members) > MOST_FILES:
        raise Invalid([Problem("files", "certificate.zip_many", {"most": MOST_FILES})])
    for member in sorted(members, key=_name):
        yield _name(member), _content(archive, member)


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Read up to a limit, whatever size the archive states; what cannot be read is no certificate."""
    try:
        with archive.open(member) as file:
            content = file.read(LARGEST_FILE + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError):
        return b""
    except Exception as error:
        # Each way of compression has an error of its own (zlib, lzma).
        if type(error).__module__ in ("zlib", "_lzma", "lzma"):
            return b""
        raise
    return content if len(content) <= LARGEST_FILE else b""


def _is_of_the_system(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")


def _name(member: zipfile.ZipInfo) -> str:
    """Chinese Windows writes names in GBK without saying so; they are read as CP437 then."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gbk")
    except UnicodeError:
        return member.filename


def answer_sheet(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows as an Excel file; every cell is text, so that nothing a file brings becomes a formula."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet()
    for row in rows:
        append_texts(sheet, row)
    return saved(workbook)
