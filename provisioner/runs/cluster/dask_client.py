"""The only module that speaks to Dask: a thread that keeps the connection and tells of what happens there.

The controller asks from its own thread (`submit`, `cancel`, `pull`) and never waits; answers are `Happened` in a queue.
Dask's own opinions stay here: that a task failed, or its worker was killed, means no more than that it has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import secrets
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Literal

from provisioner.runs.cluster import envoy
from provisioner.runs.cluster.build import this_build
from provisioner.runs.cluster.greeting import called, greeted, words
from provisioner.runs.cluster.seal import Envelope, Seal
from provisioner.runs.cluster.worker import OTHER_BUILD, UNKNOWN

LOOK = 0.5
"""Seconds between two looks at which workers there are."""
PATIENCE = 30.0
"""Seconds that the scheduler, or a worker that is greeted, may take to answer."""
_BROKE = "the connection to it broke"


@dataclass(frozen=True, slots=True)
class Happened:
    """One event, about a worker, a chunk, or neither.

    `connected`: the scheduler, with the addresses of its workers; `disconnected`: `what` says why. `joined` and
    `left`: a worker that may be given chunks. `unfit`: one that may not; `what` says why. `silent`: one that did not
    answer. `told`: words of a chunk. `ended`: a chunk, with what `work` returned, or None.
    """

    kind: Literal["connected", "disconnected", "joined", "left", "unfit", "silent", "told", "ended"]
    about: str
    what: Any = None


class DaskClient:
    """A connection to the scheduler at `address`; it comes back by itself after it was lost, until `close`."""

    def __init__(self, address: str, security: Any) -> None:
        self.happened: queue.SimpleQueue[Happened] = queue.SimpleQueue()
        self.build = this_build()
        self._address, self._security = address, security
        self._token, self._seal = secrets.token_hex(8), Seal()
        self._envelopes: dict[str, Envelope] = {}
        self._known: set[str] = set()
        self._given: dict[str, Envelope] = {}
        self._futures: dict[str, Any] = {}
        self._client: Any = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Say good-bye, and wait a little for that; what workers are doing they do to its end."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(timeout=5.0)

    def submit(self, chunk: str, worker: str, value: Any) -> None:
        """Give `value` to that worker and to no other; `told` and at last `ended` come of it."""
        self._do(self._submit(chunk, worker, value))

    def cancel(self, chunk: str) -> None:
        """Nobody waits for that chunk any more."""
        self._do(self._cancel(chunk))

    def pull(self, pulled: Any) -> None:
        """Let all workers know of the brake."""
        self._do(self._pull(pulled))

    def _do(self, coroutine: Coroutine[Any, Any, None]) -> None:
        def begin() -> None:
            task = self._loop.create_task(coroutine)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        try:
            self._loop.call_soon_threadsafe(begin)
        except RuntimeError:  # it is over
            coroutine.close()

    def _tell(self, kind: Any, about: str, what: Any = None) -> None:
        self.happened.put(Happened(kind, about, what))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._live())
            self._loop.run_until_complete(self._end_tasks())
        finally:
            self._loop.close()

    async def _end_tasks(self) -> None:
        left = [task for task in asyncio.all_tasks(self._loop) if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _live(self) -> None:
        from distributed import Client

        for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what users need to know, they are told by us
        while not self._closing.is_set():
            try:
                async with Client(
                    self._address,
                    security=self._security,
                    asynchronous=True,
                    set_as_default=False,
                    timeout=PATIENCE,
                    name="provisioner",
                ) as client:
                    self._client = client
                    client.subscribe_topic(client.id, self._event)
                    try:
                        self._forget(await self._watch(client))
                    except Exception as error:  # noqa: BLE001 # Dask raises what it likes: it all means the same
                        self._forget(words(error))  # before good-byes that nobody hears
            except Exception as error:  # noqa: BLE001 # as above
                self._forget(words(error))
            await self._pause()

    def _forget(self, why: str) -> None:
        """The connection is gone, and what was known by it: before any chunk is told to have ended by that."""
        self._client = None
        if not self._closing.is_set():
            self._tell("disconnected", self._address, why)
        for worker in list(self._envelopes):
            self._tell("left", worker)
        self._envelopes.clear()
        self._known.clear()
        self._given.clear()
        self._futures.clear()

    async def _pause(self) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._closing.wait(), LOOK)

    async def _watch(self, client: Any) -> str:
        """Greet workers that come and tell of those that go; return why it ends."""
        first = True
        while not self._closing.is_set():
            if client.status != "running":
                return _BROKE
            identity = await asyncio.wait_for(client.scheduler.identity(n_workers=-1), PATIENCE)
            there = identity["workers"]
            running = {worker for worker, state in there.items() if state.get("status", "running") == "running"}
            if first:
                self._tell("connected", self._address, sorted(running))
                first = False
            for worker in self._known - set(there):
                self._lose(worker)
            for worker in sorted(running - self._known):
                self._known.add(worker)
                self._do(self._greet(client, worker))
            await self._pause()
        return ""

    def _lose(self, worker: str) -> None:
        self._known.discard(worker)
        if self._envelopes.pop(worker, None):
            self._tell("left", worker)

    async def _greet(self, client: Any, worker: str) -> None:
        try:
            answer = await asyncio.wait_for(greeted(client, worker, self._token, self._seal, self.build), PATIENCE)
        except asyncio.TimeoutError:
            self._known.discard(worker)  # it will be greeted again
            self._tell("silent", worker)
            return
        except Exception as error:  # noqa: BLE001 # as above
            answer = words(error)
        if isinstance(answer, str):
            self._tell("unfit", worker, answer)
        else:
            self._envelopes[worker] = answer
            self._tell("joined", worker)

    def _event(self, event: Any) -> None:
        message = event[1]
        envelope = self._given.get(str(message.get("chunk"))) if isinstance(message, dict) else None
        if envelope is not None:
            with contextlib.suppress(Exception):  # not by who was given that chunk
                self._tell("told", message["chunk"], envelope.open(message["closed"]))

    async def _submit(self, chunk: str, worker: str, value: Any) -> None:
        envelope, client = self._envelopes.get(worker), self._client
        if envelope is None or client is None:
            self._tell("ended", chunk)
            return
        self._given[chunk] = envelope
        result = None
        try:
            closed = await self._loop.run_in_executor(None, envelope.close, value)
            future = self._futures[chunk] = client.submit(
                envoy.CALL,
                "work",
                self._token,
                client.id,
                chunk,
                closed,
                key=chunk,
                workers=[worker],
                allow_other_workers=False,
                pure=False,
                retries=0,
            )
            result = await future
        except Exception:  # noqa: BLE001 # KilledWorker, cancelled, lost: it has ended
            if client is self._client and client.status != "running":
                self._forget(_BROKE)
        except asyncio.CancelledError:
            if self._closing.is_set():
                raise
        self._futures.pop(chunk, None)
        if result in {UNKNOWN, OTHER_BUILD}:
            self._lose(worker)
        self._tell("ended", chunk, result)

    async def _cancel(self, chunk: str) -> None:
        future = self._futures.pop(chunk, None)
        if future is not None and self._client is not None:
            with contextlib.suppress(Exception):
                await self._client.cancel([future], force=True)

    async def _pull(self, pulled: Any) -> None:
        client = self._client
        if client is not None:
            calls = [
                asyncio.wait_for(called(client, worker, "brake", self._token, envelope.close(pulled)), PATIENCE)
                for worker, envelope in self._envelopes.items()
            ]
            await asyncio.gather(*calls, return_exceptions=True)
