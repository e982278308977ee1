"""A list's file as a browser sends it, written to its place on the disk as it comes and never whole in memory."""

from __future__ import annotations

import shutil
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from amparo.foundation.home import Home
from amparo.matching.incoming import Receiving, Upload, forget
from amparo.matching.versions import shelf_of

# A list takes about as much again when it is sorted, and as much once more when it stands.
ROOM_NEEDED = 3


class ReceivedList(UploadedFile):  # type: ignore[type-arg]
    """An upload that lies ready. Closed without having been kept, nothing of it is left."""

    def __init__(self, home: Home, upload: Upload, name: str, media_type: str) -> None:
        super().__init__(file=None, name=name, content_type=media_type, size=upload.size_bytes)
        self.upload, self._home, self._kept = upload, home, False

    def keep(self) -> None:
        """Whoever keeps it answers for it from now on."""
        self._kept = True

    def close(self) -> None:
        if not self._kept:
            forget(self._home, self.upload.list)


class ListUploadHandler(FileUploadHandler):
    """Takes files of a form; one that there is no room for is passed over, and `refused` says so."""

    chunk_size = 1 << 20

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._home, self.refused = Home.from_env(), False
        self._receiving: Receiving | None = None
        self._size = 0

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django's name
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        self._size = content_length

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        shelf = shelf_of(self._home)
        shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._size * ROOM_NEEDED > shutil.disk_usage(shelf).free:
            self.refused = True
            raise SkipFile
        self._receiving = Receiving(self._home)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        assert self._receiving
        self._receiving.write(raw_data)

    def file_complete(self, file_size: int) -> ReceivedList:
        assert self._receiving
        upload, self._receiving = self._receiving.finish(), None
        return ReceivedList(self._home, upload, self.file_name or "", self.content_type or "")

    def upload_interrupted(self) -> None:
        if self._receiving:
            self._receiving.give_up()
