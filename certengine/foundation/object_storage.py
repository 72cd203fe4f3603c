"""Files in an object storage with the S3 interface, for any number of machines; the data folder is each one's cache."""

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from certengine.foundation.files import FileStore

MISSING = ("404", "NoSuchKey")
AT_ONCE = 16


class ObjectStore(FileStore):
    """address: s3://bucket/prefix; credentials as boto3 finds them (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, …)."""

    def __init__(self, folder: Path, address: str, endpoint: str = "") -> None:
        super().__init__(folder)
        self._bucket, _, prefix = address.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        settings = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 4, "mode": "standard"})
        self._client: Any = boto3.client("s3", endpoint_url=endpoint or None, config=settings)

    def put(self, content: bytes) -> str:
        """Durable in the storage before it returns; a row that names the file is written after that."""
        digest = hashlib.sha256(content).hexdigest()
        if not self._place(digest).exists():
            self._client.put_object(Bucket=self._bucket, Key=self._key(digest), Body=content)
        return super().put(content)

    def path(self, digest: str) -> Path:
        """The file in this machine's folder, brought there if need be; one that is nowhere has a path and no file."""
        path = self._place(digest)
        if not path.exists():
            content = self._read(self._key(digest))
            # What was damaged on its way, or there, is never taken for the file.
            if content is not None and hashlib.sha256(content).hexdigest() == digest:
                super().put(content)
        return path

    def remove(self, digest: str) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=self._key(digest))
        super().remove(digest)

    def is_whole(self, digest: str) -> bool:
        content = self._read(self._key(digest))
        return content is not None and hashlib.sha256(content).hexdigest() == digest

    def whole(self, digests: Iterable[str]) -> set[str]:
        sought = list(set(digests))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return {digest for digest, whole in zip(sought, pool.map(self.is_whole, sought), strict=True) if whole}

    def digests(self) -> Iterator[str]:
        for name in self._names(self._prefix):
            if len(name.rpartition("/")[2]) == 64:
                yield name.rpartition("/")[2]

    def upload(self, digest: str) -> bool:
        """Brings a file of the folder into the storage; False where it is there already."""
        if self.is_whole(digest):
            return False
        content = self._place(digest).read_bytes()
        self._client.put_object(Bucket=self._bucket, Key=self._key(digest), Body=content)
        return True

    def local_digests(self) -> Iterator[str]:
        yield from super().digests()

    def write_part(self, name: uuid.UUID, offset: int, part: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=f"{self._arriving(name)}{offset:015}", Body=part)

    def parts_digest(self, name: uuid.UUID) -> tuple[int, str]:
        """Brings the parts together here, in the order of their places; whichever machines they came to."""
        keys = list(self._names(self._arriving(name)))
        if not keys:
            raise FileNotFoundError(name.hex)
        super().drop_parts(name)
        for key in keys:
            super().write_part(name, int(key.rpartition("/")[2]), self._read(key) or b"")
        return super().parts_digest(name)

    def keep_parts(self, name: uuid.UUID, digest: str) -> None:
        super().keep_parts(name, digest)
        with self._place(digest).open("rb") as file:
            self._client.upload_fileobj(file, self._bucket, self._key(digest))

    def drop_parts(self, name: uuid.UUID) -> None:
        for key in self._names(self._arriving(name)):
            self._client.delete_object(Bucket=self._bucket, Key=key)
        super().drop_parts(name)

    def _key(self, digest: str) -> str:
        return f"{self._prefix}{digest[:2]}/{digest}"

    def _arriving(self, name: uuid.UUID) -> str:
        return f"{self._prefix}arriving/{name.hex}/"

    def _names(self, prefix: str) -> Iterator[str]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield from (each["Key"] for each in page.get("Contents", ()))

    def _read(self, key: str) -> bytes | None:
        try:
            content: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return None
            raise
        return content
