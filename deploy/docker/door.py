"""Lets other containers reach a server that listens on loopback only: `python door.py PORT LOOPBACK_PORT`."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress


async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Hand bytes over until one side ends."""
    with suppress(ConnectionError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    sink.close()


async def main(port: int, loopback_port: int) -> None:
    """Serve until stopped."""

    async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", loopback_port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    server = await asyncio.start_server(enter, "0.0.0.0", port)  # noqa: S104  # inside a container; see docker-compose.yml
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
