"""What the markers of a run tell, while they stream."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

from provisioner.errors import AnswerTooLongError
from provisioner.facts.frames import marker
from provisioner.plan.model import Plan, Step, StepResult
from provisioner.transports import limits
from provisioner.transports.base import ENDLESS

OnStep = Callable[[Step, str], None]
"""Called with a step and "start", "ok", "fail", or a note such as who holds a lock."""


def unheard(step: Step, what: str) -> None:
    """An `OnStep` for whoever does not listen."""
    del step, what


class RunProgress:
    """The state of a run as its markers tell it. `said` keeps the markers that only the end needs, by verb.

    What it keeps is bounded: of the chatter of a step the end, and of markers no more than a run can have.
    """

    def __init__(self, plan: Plan, nonce: str, on_step: OnStep, joined: str = "") -> None:
        """`joined`: the attempt that is heard, when it was begun over another connection."""
        self.host = plan.host
        self.steps = {step.id: step for step in plan.steps}
        self.nonce, self.on_step = nonce, on_step
        self.told: set[tuple[str, str]] = set()
        self.joined = joined
        self.begin()

    def begin(self) -> None:
        """Forget what was heard: a run that is joined again is told from its start."""
        self.results: dict[str, StepResult] = {}
        self.current = ""
        self.said: dict[str, list[str]] = {}
        self._markers = 0
        self._theirs = self.nonce
        self._start_log()

    def as_own(self, stdout: str) -> str:
        """What was printed, with all markers as if this connection had begun the run."""
        return stdout.replace(f"\n@@{self._theirs} ", f"\n@@{self.nonce} ")

    @property
    def heard(self) -> tuple[StepResult, ...]:
        """The results so far; of a step that has begun, only that."""
        results = dict(self.results)
        if self.current and self.current not in results:
            results[self.current] = StepResult(self.current, "failed", log="its end was not heard of")
        return tuple(results.get(name, StepResult(name, "not run")) for name in self.steps)

    def line(self, line: str) -> None:
        """Take a line of the run.

        Raises:
            AnswerTooLongError: there are more markers than a run can have.
        """
        mark = marker(line, self.nonce) or marker(line, self._theirs)
        if mark is None:
            self._keep(line)
            return
        self._markers += 1
        if self._markers > limits.MARKERS:
            raise AnswerTooLongError(f"{self.host}: it printed more than {limits.MARKERS} markers", hint=ENDLESS)
        verb, rest = mark
        if verb == "start":
            self.current = rest
            self._start_log()
            self._tell("start")
        elif verb in {"ok", "fail"}:
            name, _, number = rest.partition(" ")
            seconds = float(number) if verb == "ok" and re.fullmatch(rf"[0-9]{{1,{limits.DIGITS}}}", number) else 0.0
            status = "ok" if verb == "ok" else "failed"
            self.results[name] = StepResult(name, status, seconds, "\n".join(self._log).strip())  # type: ignore[arg-type] # one of two literals
            self._tell(verb)
        elif verb in {"joins", "told"}:
            if verb == "joins":  # it is told with the nonce of whoever has begun it
                self._theirs, _, rest = rest.partition(" ")
            self.joined = rest
        elif verb == "note":
            self._tell(rest)
        else:
            self.said.setdefault(verb, []).append(rest)

    def last(self, verb: str) -> str | None:
        """What the last marker `verb` said; None when there was none."""
        return self.said[verb][-1] if verb in self.said else None

    def _start_log(self) -> None:
        self._log: deque[str] = deque()
        self._size = 0

    def _keep(self, line: str) -> None:
        self._log.append(line[-limits.STEP_LOG // 4 :])  # no single one takes the place of all others
        self._size += len(self._log[-1]) + 1
        while self._size > limits.STEP_LOG and len(self._log) > 1:
            self._size -= len(self._log.popleft()) + 1

    def _tell(self, what: str) -> None:
        if self.current in self.steps and (self.current, what) not in self.told:
            self.told.add((self.current, what))
            self.on_step(self.steps[self.current], what)
