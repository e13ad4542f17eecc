"""The images of many hosts: what `provisioner image ls` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

from provisioner.errors import ApplyError, ProvisionerError, UsageError
from provisioner.images.listing import DETAILS, NONE, Details, Row, before, details, details_of, kept, rows
from provisioner.images.marked import Marked
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
    def options(self) -> tuple[str, ...]:
        options = {"-q": self.quiet, "--digests": self.digests, "--no-trunc": self.whole}
        return tuple(word for word, said in options.items() if said)

    @property
    def words(self) -> tuple[str, ...]:
        """What `docker image ls` is told."""
        own = "" if self.quiet else self._table
        template = self.template or own
        return (*self.options, *(("--format", template) if template else ()))

    @property
    def marked(self) -> Marked | None:
        """The same lines, each told whose it is; None for a look that is no template."""
        template = self.template or ("{{.ID}}" if self.quiet else self._table)
        template = {"table": self._table, "json": "{{json .}}"}.get(template, template)
        return None if "{{" not in template else Marked(template)

    @property
    def _table(self) -> str:
        return TABLE_WITH_DIGESTS if self.digests else TABLE


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


def list_images(
    targets: Sequence[Target], question: Question, look: Look | None, *, forks: int, names_alone: bool = False
) -> list[Listed]:
    """List the images of every host: as its own client prints them for `look`, else as rows.

    With `names_alone`, rows are of images with a name. Where all of them are asked for, their details have what these
    rows tell, names and digests: that costs an engine a question less.

    Raises:
        UsageError: `until` is asked for with a look that has no template; no host has been contacted.
    """
    marked = look.marked if look else None
    if question.until and look and not marked:
        raise UsageError(f"until= needs a template, which {look.template} is not", hint="--format 'table {{.ID}}'")

    brief = look is None and names_alone and not question.until and not question.words

    def ask(target: Target) -> Listed:
        found = ask_engine(
            target.transport,
            "images/list.sh.j2",
            become_password=target.become_password,
            which=question.words,
            everything=question.everything,
            rows=look is None,
            inspects=not brief,
            how=look.words if look else (),
            chosen_here=question.until is not None,
            marked=(*look.options, "--format") if look and marked else (),
            marks=marked.around if marked else ("", ""),
            details=DETAILS,
        )
        said = found.get("said", "").strip()
        if found.get("status") != "0":
            raise ApplyError(f"{target.name}: {said or 'docker image ls failed'}")
        if brief:
            named = tuple(row for row in rows(found.get("shown", "")) if row.repository != NONE)
            return Listed(target.name, said=said, rows=named, images=details_of(named))
        images = details(found.get("details", ""))
        if look is None:
            listed = rows(found.get("shown", ""))
            keeps = _keeps(question, [(row.id, row.repository == NONE) for row in listed], images)
            return Listed(
                target.name, said=said, rows=tuple(r for r, k in zip(listed, keeps, strict=True) if k), images=images
            )
        text = found.get("shown", "")
        if marked and "mark" in found:
            text = _chosen(marked.apart(text, found["mark"], images), question, images)
        return Listed(target.name, text, said)

    return answers(targets, ask, failed, forks=forks)


def failed(name: str, error: ProvisionerError) -> Listed:
    """A host that could not be asked, or whose answer is of no use."""
    return Listed(name, error=error)


def _keeps(question: Question, found: list[tuple[str, bool]], images: Mapping[str, Details]) -> list[bool]:
    return list(kept(found, images, everything=question.everything, until=question.until))


def _chosen(apart: tuple[str, list[tuple[str, bool, str]]], question: Question, images: Mapping[str, Details]) -> str:
    head, pieces = apart
    keeps = _keeps(question, [(id_, nameless) for id_, nameless, _ in pieces], images)
    return head + "".join(text for (_, _, text), keep in zip(pieces, keeps, strict=True) if keep)
