"""Parts of files on their way in."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from sandbox.datacenter.rpc import RpcFailure

PART_LIMIT = 512 * 1024
KEPT_UPLOADS = 256


class Uploads:
    """Uploaded parts until a message or a photo uses them; parts come in any order and may be sent twice."""

    def __init__(self) -> None:
        self._parts: OrderedDict[tuple[int, int], dict[int, bytes]] = OrderedDict()

    def save_part(self, user_id: int, file_id: int, part: int, data: bytes) -> None:
        """Keep one part of an account's upload.

        Raises:
            RpcFailure: FILE_PART_INVALID, FILE_PART_EMPTY or FILE_PART_TOO_BIG.
        """
        if part < 0:
            raise RpcFailure(400, "FILE_PART_INVALID")
        if not data:
            raise RpcFailure(400, "FILE_PART_EMPTY")
        if len(data) > PART_LIMIT:
            raise RpcFailure(400, "FILE_PART_TOO_BIG")
        self._parts.setdefault((user_id, file_id), {})[part] = data
        while len(self._parts) > KEPT_UPLOADS:
            self._parts.popitem(last=False)

    def take(self, user_id: int, file_id: int, count: int, md5: str = "") -> bytes:
        """Join all parts and forget them.

        Args:
            user_id: who uploaded them.
            file_id: the client's own number of the upload.
            count: the number of parts that the sender claims.
            md5: hexadecimal checksum of small files; "" is not checked.

        Raises:
            RpcFailure: FILE_PARTS_INVALID, FILE_PART_n_MISSING, FILE_PART_SIZE_INVALID or MD5_CHECKSUM_INVALID.
        """
        parts = self._parts.get((user_id, file_id), {})
        if count < 1 or len(parts) > count:
            raise RpcFailure(400, "FILE_PARTS_INVALID")
        for number in range(count):
            if number not in parts:
                raise RpcFailure(400, f"FILE_PART_{number}_MISSING")
        if any(len(parts[number]) != len(parts[0]) or len(parts[0]) % 1024 for number in range(count - 1)):
            raise RpcFailure(400, "FILE_PART_SIZE_INVALID")
        data = b"".join(parts[number] for number in range(count))
        if md5 and hashlib.md5(data, usedforsecurity=False).hexdigest() != md5:
            raise RpcFailure(400, "MD5_CHECKSUM_INVALID")
        del self._parts[user_id, file_id]
        return data
