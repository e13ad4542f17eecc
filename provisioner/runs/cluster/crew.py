"""A crew of Dask workers: hands them chunks of hosts, hears outcomes as they come, asks again after a loss.

A host whose worker is gone is asked again by another one, under the name of the same run: its own journal then says
what became of it, or lets it begin if it never has. So each host ends in one outcome, and is changed at most once.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
import time
from collections.abc import Callable, Sequence

from provisioner.errors import ConnectError, UnreachableError, UsageError
from provisioner.runs.brakes import Brake
from provisioner.runs.cluster.dask_client import DaskClient
from provisioner.runs.cluster.ledger import Ledger
from provisioner.runs.cluster.shift import Shift
from provisioner.runs.duty import Assignment, Job
from provisioner.runs.fleet import GRACE, ignore, still_running
from provisioner.runs.outcome import Outcome

START = 60.0
"""Seconds for the scheduler and its workers to answer at the beginning."""
_POLL = 0.2


class DaskCrew:
    """Does what `Crew` promises, with a brake that holds from the next chunk on."""

    def __init__(self, client: DaskClient, address: str) -> None:
        self._client, self._address = client, address
        self._workers: dict[str, None] = {}

    def gather(self) -> None:
        """Wait until the workers that are there have told who they are.

        Raises:
            ConnectError: nobody answers, or there is no worker.
            UsageError: a worker is another version of this program, of Python or of Dask.
        """
        deadline = time.monotonic() + START
        expected: set[str] | None = None
        unfit: dict[str, str] = {}
        why = "no answer"
        while time.monotonic() < deadline and (expected is None or expected - self._workers.keys() - unfit.keys()):
            with contextlib.suppress(queue.Empty):
                event = self._client.happened.get(timeout=_POLL)
                if event.kind == "connected":
                    expected = set(event.what) or None
                    why = "" if expected else "it has no worker"
                elif event.kind == "disconnected":
                    raise UnreachableError(
                        f"no Dask scheduler could be reached at {self._address}: {event.what}",
                        hint="check the address, the port (8786), and that its certificates come from --dask-ca",
                    )
                elif event.kind == "unfit":
                    unfit[event.about] = event.what
                elif event.kind == "joined":
                    self._workers[event.about] = None
                    expected = expected or {event.about}
                elif event.kind == "silent" and expected:
                    expected.discard(event.about)
                    why = f"{event.about} does not"
                elif event.kind == "left":
                    self._workers.pop(event.about, None)
                    expected = (expected or set()) - {event.about}
        if unfit:
            raise UsageError(
                "\n".join(f"the worker {worker} cannot be used: {what}" for worker, what in sorted(unfit.items())),
                hint="install the same provisioner[dask] in the same Python there; nothing was contacted or changed",
            )
        if not self._workers:
            raise ConnectError(
                f"the Dask scheduler {self._address} has no worker that answers: {why or 'no answer'}",
                hint=f"start one: dask worker {self._address}",
            )

    def __call__(
        self,
        items: Sequence[Job],
        work: Assignment,
        *,
        forks: int,
        instead: Callable[[Job, Exception], Outcome],
        done: Callable[[Outcome], None] = ignore,
        brake: Brake,
        waiting: Callable[[int], None] = ignore,
        settled: Callable[[Outcome], None] = ignore,
        grace: float = GRACE,
    ) -> list[Outcome]:
        ledger = Ledger(len(items), forks, f"provisioner-{secrets.token_hex(6)}-")
        for worker in self._workers:
            ledger.joined(worker)

        def settle(number: int, outcome: Outcome) -> None:
            if ledger.settle(number):
                outcomes[number] = outcome
                settled(outcome)
                done(outcome)

        outcomes: dict[int, Outcome] = {}
        shift = Shift(self._client, self._address, self._workers, items, work, ledger, settle, instead)
        with brake.on_interrupt():
            shift.run(brake, waiting, grace)
        for number in ledger.unsettled:
            settle(number, instead(items[number], still_running() if number in ledger.begun else brake.error()))
        return [outcomes[number] for number in range(len(items))]
