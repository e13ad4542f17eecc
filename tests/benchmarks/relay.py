"""A slow line to a host: passes TCP on, each direction half a round trip later. Delays, as distance does; loses nothing.

python -m tests.benchmarks.relay ADDRESS PORT SECONDS: prints the port of 127.0.0.1 at which it listens, and goes on
until it is killed. For machines whose kernel has no netem.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

CHUNK = 1 << 16
WAITING = 512
"""Pieces that are under way at once; whoever sends more waits."""


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Write what is read, `delay` seconds after it was read, in order."""
    loop = asyncio.get_running_loop()
    line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(WAITING)

    async def read() -> None:
        chunk = b"-"
        while chunk:
            try:
                chunk = await reader.read(CHUNK)
            except OSError:
                chunk = b""
            await line.put((loop.time() + delay, chunk))

    reading = asyncio.create_task(read())
    with contextlib.suppress(OSError):
        while True:
            due, chunk = await line.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
    reading.cancel()
    writer.close()


async def serve(address: str, port: int, delay: float) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The way there takes its time as well before the other end hears of the connection.
        await asyncio.sleep(2 * delay)
        try:
            there, back = await asyncio.open_connection(address, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(carry(reader, back, delay), carry(there, writer, delay))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
