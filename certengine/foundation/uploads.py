"""What kind of file something is, by its first bytes and not by its name."""

# Office files are ZIP archives.
DOCUMENTS = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n", "image/png"),
    (b"PK\x03\x04", "application/octet-stream"),
)


def document_type(content: bytes) -> str | None:
    """The media type of a document that people hand in; None for whatever else."""
    return next((media for mark, media in DOCUMENTS if content.startswith(mark)), None)
