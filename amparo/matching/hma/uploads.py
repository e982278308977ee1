"""A file that a system sends with its question: kept in memory and nowhere else, and forgotten with the answer."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

# What HMA takes by default.
MOST_BYTES = 100 << 20


class InMemory(FileUploadHandler):
    """Takes the files of one request, together at most MOST_BYTES; nothing of them touches a disk."""

    chunk_size = 1 << 18

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._file = io.BytesIO()
        self._total = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._file = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._total += len(raw_data)
        if self._total > MOST_BYTES:
            raise StopUpload(connection_reset=True)
        self._file.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self._file.seek(0)
        return InMemoryUploadedFile(self._file, self.field_name, "file", self.content_type, file_size, self.charset)
