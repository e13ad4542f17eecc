"""Remove images of many hosts by the words that they are called by."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from provisioner.errors import TARGET, ApplyError, BlockedError, ProvisionerError
from provisioner.images.listing import NONE
from provisioner.images.removal import Left, Removed, left, once, removed
from provisioner.images.stock import CONTAINER, IMAGE, stock
from provisioner.remote.images import ask_engine
from provisioner.runs.answers import answers
from provisioner.runs.image_prune import LONG
from provisioner.runs.images import Question, list_images
from provisioner.runs.target import Target


@dataclass(frozen=True, slots=True)
class RemovedImages:
    """What became of one host: docker's answers, and the images that are still there; or why nothing was asked."""

    host: str
    answers: tuple[Removed, ...] = ()
    left: tuple[Left, ...] = ()
    error: ProvisionerError | None = None

    @property
    def exit_code(self) -> int:
        return self.error.exit_code if self.error else 0

    @property
    def changed(self) -> bool:
        return any(answer.text for answer in self.answers)


def failed(host: str, error: ProvisionerError) -> RemovedImages:
    """A host that could not be asked."""
    return RemovedImages(host, error=error)


def remove(
    targets: Sequence[Target],
    references: Sequence[str],
    question: Question | None,
    *,
    force: bool,
    prune: bool,
    forks: int,
    done: Callable[[RemovedImages], None],
) -> list[RemovedImages]:
    """Remove `references`, or every name that `question` finds on a host; `done` hears of each host as it ends."""
    options = (*(["--force"] if force else []), *([] if prune else ["--no-prune"]))

    def change(target: Target) -> RemovedImages:
        words = references if question is None else _found(target, question)
        if not words:
            return RemovedImages(target.name)
        before = _ids(target, words)
        words = once(words, [before.get(word, "") for word in words])
        found = ask_engine(
            target.transport,
            "images/rm.sh.j2",
            become_password=target.become_password,
            timeout=LONG,
            references=words,
            options=options,
            image=IMAGE,
            container=CONTAINER,
        )
        answers_ = _without_echoes([removed(found, number, word) for number, word in enumerate(words)], before)
        still = tuple(left(answers_, before, stock(found)))
        error = _error(target.name, answers_, still)
        target.address(error)
        return RemovedImages(target.name, tuple(answers_), still, error)

    return answers(targets, change, failed, forks=forks, done=done)


def _found(target: Target, question: Question) -> list[str]:
    """The names that a host has for what is asked: a tag, a digest where there is no tag, else the id."""
    (listed,) = list_images([target], question, None, forks=1)
    if listed.error:
        raise listed.error
    return list(dict.fromkeys(row.id if row.name.endswith(NONE) else row.name for row in listed.rows))


def _ids(target: Target, words: Sequence[str]) -> dict[str, str]:
    found = ask_engine(
        target.transport,
        "images/stock.sh.j2",
        become_password=target.become_password,
        image="{{json .Id}}",
        container="{{json .Id}}",
        since="",
        use="",
        references=words,
    )
    return dict(zip(words, found.get("named", "").split("\n"), strict=False))


def _without_echoes(answers: Sequence[Removed], before: dict[str, str]) -> list[Removed]:
    """Leave out what was not found any more because an earlier word of the same command had removed it."""
    deleted: set[str] = set()
    kept = []
    for answer in answers:
        if not (answer.unknown and before.get(answer.reference) in deleted):
            kept.append(answer)
        deleted |= set(answer.deleted)
    return kept


def _error(host: str, answers: Sequence[Removed], still: Sequence[Left]) -> ProvisionerError | None:
    wrong = [answer for answer in answers if answer.status != 0]
    if not wrong:
        return None
    why = {row.reference: row.why for row in still}
    told = "\n".join(
        f"{answer.reference} stays: {why[answer.reference]}"
        if answer.reference in why
        else f"there is no image {answer.reference}"
        if answer.unknown
        else f"{answer.reference}: {answer.said}"
        for answer in wrong
    )
    if all(answer.unknown for answer in wrong):
        return ApplyError(f"{host}: {told}", hint=f"provisioner image ls --on {TARGET} shows what there is")
    if all("conflict" in answer.said for answer in wrong):
        forced = shlex.join(answer.reference for answer in wrong if "cannot be forced" not in answer.said)
        hint = f"provisioner image rm --force {forced} --on {TARGET} takes its names nevertheless" if forced else ""
        return BlockedError(f"{host}: {told}", hint=hint)
    return ApplyError(f"{host}: {told}")
