"""The images of many hosts: what `provisioner image ls` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

from provisioner.errors import ApplyError, ProvisionerError
from provisioner.host_files.lines import lines
from provisioner.images.listing import DETAILS, NONE, Details, Row, before, details, kept, rows
from provisioner.images.words import filters, pattern_of
from provisioner.remote.images import ask_engine
from provisioner.runs.answers import answers
from provisioner.runs.target import Target

_SINCE = "{{if .CreatedSince}}{{.CreatedSince}}{{else}}N/A{{end}}"
TABLE = rf"table {{{{.Repository}}}}\t{{{{.Tag}}}}\t{{{{.ID}}}}\t{_SINCE}\t{{{{.Size}}}}"
"""What `docker image ls` prints by itself until 28; clients since 29.0 have another table."""

TABLE_WITH_DIGESTS = TABLE.replace("{{.ID}}", "{{.Digest}}\\t{{.ID}}")


@dataclass(frozen=True, slots=True)
class Question:
    """Which images, as `docker image ls` is asked: its filters in words, `until` apart, names as patterns."""

    names: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    until: datetime | None = None
    everything: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        said = [word for text in self.filters for word in ("--filter", text)]
        return (*said, *(word for name in self.names for word in ("--filter", f"reference={name}")))


@dataclass(frozen=True, slots=True)
class Look:
    """How the lines look: docker's own options."""

    quiet: bool = False
    digests: bool = False
    whole: bool = False
    template: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        template = self.template
        if not template and not self.quiet:
            template = TABLE_WITH_DIGESTS if self.digests else TABLE
        options = {"-q": self.quiet, "--digests": self.digests, "--no-trunc": self.whole}
        return (*(word for word, said in options.items() if said), *(("--format", template) if template else ()))

    @property
    def headed(self) -> bool:
        """The first line is that of a table."""
        return not self.quiet if not self.template else self.template.startswith("table")


@dataclass(frozen=True, slots=True)
class Listed:
    """What one host lists: `text` in its client's own words, or `rows` with the details by id; or why nothing."""

    host: str
    text: str = ""
    said: str = ""
    rows: tuple[Row, ...] = ()
    images: Mapping[str, Details] = field(default_factory=dict)
    error: ProvisionerError | None = None

    @property
    def exit_code(self) -> int:
        return self.error.exit_code if self.error else 0


def question(names: Sequence[str], texts: Sequence[str] | None, *, everything: bool) -> Question:
    """Read names and filters as the command line has them.

    Raises:
        UsageError: a name or a filter is none.
    """
    found = filters(texts)
    until = found.pop("until", None)
    return Question(
        names=tuple(map(pattern_of, names)),
        filters=tuple(f"{key}={value}" for key, values in found.items() for value in values),
        until=before(until[0], datetime.now(timezone.utc)) if until else None,
        everything=everything,
    )


def list_images(targets: Sequence[Target], question: Question, look: Look | None, *, forks: int) -> list[Listed]:
    """List the images of every host: as its own client prints them for `look`, else as rows."""

    def ask(target: Target) -> Listed:
        found = ask_engine(
            target.transport,
            "images/list.sh.j2",
            become_password=target.become_password,
            which=question.words,
            chosen_here=question.until is not None,
            everything=question.everything,
            rows=look is None,
            how=look.words if look else (),
            digests=("--digests",) if look and look.digests else (),
            details=DETAILS,
        )
        said = found.get("said", "").strip()
        if found.get("status") != "0":
            raise ApplyError(f"{target.name}: {said or 'docker image ls failed'}")
        images = details(found.get("details", ""))
        if look is None:
            listed = rows(found.get("rows", ""))
            keeps = _keeps(question, [(row.id, row.untagged) for row in listed], images)
            return Listed(
                target.name, said=said, rows=tuple(r for r, k in zip(listed, keeps, strict=True) if k), images=images
            )
        text = found.get("shown", "")
        return Listed(
            target.name, _chosen(text, found["ids"], question, look, images) if "ids" in found else text, said
        )

    return answers(targets, ask, failed, forks=forks)


def failed(name: str, error: ProvisionerError) -> Listed:
    """A host that could not be asked, or whose answer is of no use."""
    return Listed(name, error=error)


def _keeps(question: Question, found: list[tuple[str, bool]], images: Mapping[str, Details]) -> list[bool]:
    return list(kept(found, images, everything=question.everything, until=question.until))


def _chosen(text: str, ids: str, question: Question, look: Look, images: Mapping[str, Details]) -> str:
    """The lines of `text` that are meant: `ids` are those of its lines, each with repository and tag.

    Raises:
        ApplyError: a template gives an image more than a line, so that they cannot be told apart.
    """
    found = [line.split(" ") for line in lines(ids)]
    shown = text.splitlines(keepends=True)
    head = shown[:1] if look.headed else []
    body = shown[len(head) :]
    if len(body) != len(found):
        raise ApplyError(
            "which lines are whose cannot be told", hint="give --format one line an image, or leave until= out"
        )
    keeps = _keeps(question, [(words[0], words[-1] == NONE) for words in found], images)
    return "".join([*head, *(line for line, keep in zip(body, keeps, strict=True) if keep)])
