"""Bytes of our own over a pyrogram client: raw functions only, every one through `TelegramApi.call_api`."""

from __future__ import annotations

import hashlib
import mimetypes
from typing import TYPE_CHECKING, Any

from pyrogram import raw

from core.concurrency.semaphore_manager import ConcurrencyDomain
from core.errors import TelegramUnavailableError
from core.telegram.gateway import TelegramRefusedError
from core.telegram.raw_calls import RawCalls
from core.telegram.raw_requests import media_file_id, new_random_id
from core.telegram.refusals import Purpose
from core.telegram.retry_policy import Idempotency
from core.telegram.uploads import MAX_UPLOAD_BYTES

if TYPE_CHECKING:
    from pyrogram import Client

    from core.telegram.gateway import TelegramGateway
    from core.telegram.telegram_api import TelegramApi

_PART_BYTES = 512 * 1024
_FLOOD_S, _TIMEOUT_S = 5.0, 15.0
_UPLOAD_FORGOTTEN = "FILE_PART"


class PyrogramUploads:
    """Implements `TelegramUploads`: makes a stored file of the bytes, then sends that by reference.

    In these two steps because a message that names an upload cannot be sent again when its answer is lost: the upload
    may be used up by then. One that names a stored file can.

    Args:
        client: a started bot client.
        api: the way out for that client.
        gateway: sends stored files.
        timeout_s: how long one attempt waits for its answer.
    """

    def __init__(
        self, client: Client, api: TelegramApi, gateway: TelegramGateway, *, timeout_s: float = _TIMEOUT_S
    ) -> None:
        self._calls = RawCalls(client, api)
        self._gateway = gateway
        self._timeout_s = timeout_s

    async def send_document(self, chat_id: int, name: str, data: bytes, caption_html: str = "") -> int:
        """Send a file; see `TelegramUploads.send_document`."""
        media = raw.types.InputMediaUploadedDocument(
            file=await self._upload(name, data),
            mime_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
            attributes=[raw.types.DocumentAttributeFilename(file_name=name)],
            force_file=True,
        )
        return await self._send(chat_id, media, caption_html)

    async def send_photo(self, chat_id: int, picture: bytes, caption_html: str = "") -> int:
        """Send a picture; see `TelegramUploads.send_photo`."""
        media = raw.types.InputMediaUploadedPhoto(file=await self._upload("picture.png", picture))
        return await self._send(chat_id, media, caption_html)

    async def _upload(self, name: str, data: bytes) -> Any:
        """Hand the bytes in, part by part."""
        if not 0 < len(data) <= MAX_UPLOAD_BYTES:
            raise ValueError(f"{len(data)} bytes to send; it must be 1 to {MAX_UPLOAD_BYTES}")
        file_id = new_random_id()
        parts = range(0, len(data), _PART_BYTES)
        for number, start in enumerate(parts):
            part = data[start : start + _PART_BYTES]
            request = raw.functions.upload.SaveFilePart(file_id=file_id, file_part=number, bytes=part)
            await self._call("upload.SaveFilePart", request)
        checksum = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return raw.types.InputFile(id=file_id, parts=len(parts), name=name, md5_checksum=checksum)

    async def _send(self, chat_id: int, media: Any, caption_html: str) -> int:
        request = raw.functions.messages.UploadMedia(peer=await self._calls.peer(chat_id), media=media)
        stored = media_file_id(await self._call("messages.UploadMedia", request))
        return (await self._gateway.send_media(chat_id, stored, caption_html)).message_id

    async def _call(self, method: str, request: Any) -> Any:
        try:
            return await self._calls.call(
                method,
                request,
                purpose=Purpose.WRITE,
                lane=ConcurrencyDomain.FILE_PROCESSING,
                idempotency=Idempotency.REPEATABLE,
                flood_cap_s=_FLOOD_S,
                timeout_s=self._timeout_s,
            )
        except TelegramRefusedError as refused:
            if not refused.name.startswith(_UPLOAD_FORGOTTEN):
                raise
            # used up by a first attempt whose answer was lost
            raise TelegramUnavailableError(f"{method}: {refused.name}") from refused
