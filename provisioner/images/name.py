"""Names of images, by the grammar of registries (distribution's reference package, read 2026-11-27)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from provisioner.errors import UsageError

HUB = "docker.io"
LONGEST = 255
"""Characters of registry and repository together."""

_PART = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_REGISTRY = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
_RULE = "a name is [HOST[:PORT]/][NAMESPACE/]NAME[:TAG|@DIGEST]"


@dataclass(frozen=True, slots=True)
class ImageName:
    """A repository in a registry, and what of it: a tag, a digest, or neither.

    `repository` is what the registry knows: `library/redis` for Docker Hub's redis.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def familiar(self) -> str:
        """The repository as `docker image ls` shows it, without tag and digest."""
        if self.registry != HUB:
            return f"{self.registry}/{self.repository}"
        return self.repository.removeprefix("library/")

    @property
    def text(self) -> str:
        """The name as `docker image ls` shows it, with the tag or the digest that was said."""
        return self.familiar + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    @property
    def pulled(self) -> str:
        """The name that a pull takes: `latest` where neither tag nor digest was said."""
        return self.text if self.tag or self.digest else f"{self.familiar}:latest"


def image_name(text: str) -> ImageName:
    """Read `text` as `docker pull` does.

    Raises:
        UsageError: it names no image; the message says what is wrong and, where it is plain, what was meant.
    """
    if "://" in text:
        raise _wrong(text, "an image name has no scheme", meant=text.partition("://")[2])
    if bad := next((char for char in text if char.isspace() or not char.isprintable()), ""):
        raise _wrong(text, f"it has a {'space' if bad == ' ' else 'character that is none of a name'}")
    rest, at, digest = text.partition("@")
    if at and not (_SHA256 if digest.startswith("sha256:") else _DIGEST).fullmatch(digest):
        raise _wrong(text, f"{digest or 'nothing'} is no digest: sha256: and 64 hexadecimal digits")
    rest, tag = _tag_apart(rest)
    if tag is not None and not _TAG.fullmatch(tag):
        raise _wrong(text, _tag_trouble(tag))
    registry, repository = _registry_apart(rest)
    if trouble := _trouble(registry, repository):
        # Without a dot or a port, a first part with a capital is more likely a namespace.
        capital = repository if re.search(r"[.:]", registry) else rest
        meant = text.replace(capital, capital.lower()) if _lowers(capital) else ""
        raise _wrong(text, trouble, meant=meant)
    if registry == HUB and "/" not in repository:
        repository = f"library/{repository}"
    return ImageName(registry, repository, tag or "", digest)


def is_image_name(text: str) -> bool:
    """Is `text` one by the rules? Engines have others, from before there were rules."""
    try:
        image_name(text)
    except UsageError:
        return False
    return True


def _tag_apart(text: str) -> tuple[str, str | None]:
    """The last colon begins a tag unless a slash follows: then it begins a port."""
    head, colon, tail = text.rpartition(":")
    return (head, tail) if colon and "/" not in tail else (text, None)


def _registry_apart(text: str) -> tuple[str, str]:
    """The first part is a registry when it can be no namespace: it has a dot, a port or a capital, or is localhost."""
    first, slash, rest = text.partition("/")
    if slash and (re.search(r"[.:\[]", first) or first == "localhost" or first != first.lower()):
        return (HUB if first == "index.docker.io" else first), rest
    return HUB, text


def _trouble(registry: str, repository: str) -> str:
    if not repository:
        return "it names no repository"
    if not _REGISTRY.fullmatch(registry):
        return f"{registry} is no registry: a host, with a port where it has one"
    if registry == HUB and re.fullmatch(r"[0-9a-f]{64}", repository):
        return "64 hexadecimal digits are an id"
    if len(registry) + 1 + len(repository) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    for part in repository.split("/"):
        if not part:
            return "there is nothing between two slashes, or after the last"
        if not _PART.fullmatch(part):
            if part != part.lower():
                return "repositories are in small letters"
            return f"{part!r} is no part of a name: small letters and digits, with . _ __ or - between them"
    return ""


def _lowers(repository: str) -> bool:
    return repository != repository.lower() and not _trouble(HUB, repository.lower())


def _tag_trouble(tag: str) -> str:
    if not tag:
        return "there is no tag after the colon"
    if len(tag) > 128:
        return "a tag is no longer than 128 characters"
    return f"{tag!r} is no tag: letters, digits, _ . and -, neither . nor - at its beginning"


def _wrong(text: str, why: str, *, meant: str = "") -> UsageError:
    return UsageError(f"{text!r} is no image name: {why}", hint=f"did you mean {meant}" if meant else _RULE)
