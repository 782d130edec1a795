"""A request's body: into memory, or for an upload to disk, unpacked where it was packed."""

import tempfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

# Far above any vendor's limit: what is larger is cut, so that the vendor's own check sees that it is too large.
MOST_ON_DISK = 400_000_000
_GZIP = 31


class UnreadableBodyError(Exception):
    """The body says it is gzip and is not."""


async def read_body(receive: Receive, *, packed: bool) -> bytes:
    """The whole body."""
    return b"".join([part async for part in _parts(receive, packed=packed)])


async def spool_body(receive: Receive, folder: Path, *, packed: bool) -> Path:
    """A file with the body, in this folder; the caller owns it."""
    folder.mkdir(parents=True, exist_ok=True)
    size = 0
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        path = Path(file.name)
        try:
            async for part in _parts(receive, packed=packed):
                if size <= MOST_ON_DISK:
                    file.write(part)
                size += len(part)
        except BaseException:
            path.unlink()
            raise
    return path


async def _parts(receive: Receive, *, packed: bool) -> AsyncIterator[bytes]:
    unpacker = zlib.decompressobj(_GZIP) if packed else None
    try:
        async for part in _received(receive):
            yield unpacker.decompress(part) if unpacker else part
    except zlib.error as error:
        raise UnreadableBodyError from error
    if unpacker and not unpacker.eof:
        raise UnreadableBodyError


async def _received(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            # The client is gone in the middle: what came is not what it meant.
            raise ConnectionResetError
        yield message.get("body", b"")
        if not message.get("more_body"):
            return
