"""Which mirror serves a pull, told by the engine during that very pull."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from provisioner.checks.mirror_status import overridden
from provisioner.checks.proof import UNASKED, listening_plan, served_check
from provisioner.errors import FactsError, ProvisionerError, VerifyError
from provisioner.facts.frames import new_nonce
from provisioner.facts.host import Host
from provisioner.images.pull_trouble import LIMIT
from provisioner.plan.model import Step
from provisioner.preflight.privilege import require_root
from provisioner.remote.execute import RunResult, execute
from provisioner.remote.gather import gather
from provisioner.remote.image_pull import SLACK, PullAnswer
from provisioner.runs.crash import as_error
from provisioner.runs.one_host import PROOF_HINT
from provisioner.runs.target import Target

Pull = Callable[[tuple[str, ...]], PullAnswer]
"""Pulls one image; the host has one of these files afterwards."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A pull, what its engine said of where it came from, and why that is no proof of a mirror."""

    pull: PullAnswer
    said: str = ""
    error: ProvisionerError | None = None


def proven(target: Target, pull: Pull) -> Proven:
    """Do `pull` while the engine says whom it asks. It is done although nobody may make the engine say so.

    The run that listens is one of its own on the host: its configuration is as before when the pull has ended, also
    when the connection is lost before.

    Raises:
        ProvisionerError: what `pull` raises.
    """
    try:
        facts = gather(target.transport, become_password=target.become_password, brief=True)
        if facts.engine.info is None:
            raise VerifyError("there is no engine here that could pull an image")
        require_root(facts, "a proof needs root")
        host, over = Host.of(facts), _ends(new_nonce())
        listener = _Listener(target, host, over)
        listener.begin()
    except ProvisionerError as error:
        return Proven(pull(()), error=error)
    answer = pull(over)  # where it raises, perhaps without a connection, the listener ends by itself
    heard = listener.end()
    if answer.status:
        return Proven(answer)
    if isinstance(heard, ProvisionerError) or heard.error is not None:
        return Proven(answer, error=heard if isinstance(heard, ProvisionerError) else heard.error)
    if answer.name.digest and answer.output.arrival == "up to date":
        return _failed(answer, f"{answer.name.pulled} {UNASKED['digest']}; name an image that is not here")
    check = served_check(
        *(heard.proof, facts.engine.info.mirrors, answer.name.pulled, answer.output.came),
        familiar=answer.name.familiar,
        repository=answer.name.repository,
    )
    if not check.passed:
        return _failed(answer, "; ".join([check.detail, *overridden(host)]))
    return Proven(answer, check.detail)


def _failed(answer: PullAnswer, detail: str) -> Proven:
    return Proven(answer, detail, VerifyError(f"proof: {detail}", hint=PROOF_HINT))


def _ends(word: str) -> tuple[str, ...]:
    """Files of which any account can make one."""
    return tuple(f"{place}/provisioner-{word}" for place in ("/tmp", "/dev/shm"))  # noqa: S108 # nobody guesses the word


class _Listener:
    """A run that listens to the engine, in a thread of its own."""

    def __init__(self, target: Target, host: Host, over: tuple[str, ...]) -> None:
        self._target, self._host, self._over = target, host, over
        self._settled, self._listens = threading.Event(), False
        self._silent = FactsError("the engine was not listened to")
        self._heard: RunResult | ProvisionerError = self._silent
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self) -> None:
        """Return once it listens.

        Raises:
            ProvisionerError: it does not.
        """
        self._thread.start()
        self._settled.wait()
        if not self._listens:
            raise self._heard if isinstance(self._heard, ProvisionerError) else self._heard.error or self._silent

    def end(self) -> RunResult | ProvisionerError:
        """What it has heard, or why nothing; the pull has ended."""
        self._thread.join()
        return self._heard

    def _run(self) -> None:
        target = self._target
        try:
            plan = listening_plan(target.name, self._host, self._over, LIMIT + int(SLACK))
            self._heard = execute(
                target.transport,
                plan,
                become_password=target.become_password,
                on_step=self._hear,
                command="proof",
            )
        except Exception as error:  # noqa: BLE001 # a bug in this thread must not leave the other one waiting
            self._heard = as_error(error, target.name)
        finally:
            self._settled.set()

    def _hear(self, step: Step, what: str) -> None:
        del step
        if what == "listens":
            self._listens = True
            self._settled.set()
