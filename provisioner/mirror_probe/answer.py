"""What mirrors are asked for, and how they answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from provisioner.errors import UsageError


@dataclass(frozen=True, slots=True)
class Image:
    """An image of Docker Hub: the repository as registries know it, and a tag or digest."""

    repository: str
    reference: str

    @property
    def name(self) -> str:
        return f"{self.repository.removeprefix('library/')}:{self.reference}"


HELLO = Image("library/hello-world", "latest")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request, at the end of its redirects.

    `exit` is curl's exit code, 0 when an HTTP answer came, 1 when the host's tool cannot ask this; times are in
    seconds. `place` is the URL that answered, or did not; `proxy` is what it was asked through, without its login.
    `unchecked`: nobody looked at the certificate.
    """

    status: int
    exit: int
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    dns: float = 0.0
    tcp: float = 0.0
    tls: float = 0.0
    first_byte: float = 0.0
    total: float = 0.0
    size: int = 0
    ip: str = ""
    sha256: str = ""
    wanted: str = ""
    created: str = ""
    place: str = ""
    proxy: str = ""
    unchecked: bool = False

    @property
    def digest(self) -> str:
        """The digest that the registry claims, else the one of what it sent."""
        claimed = self.headers.get("docker-content-digest", "")
        return claimed or (f"sha256:{self.sha256}" if self.sha256 else "")


@dataclass(frozen=True, slots=True)
class Probed:
    """One mirror as it answered. The steps: v2, token, m0 (hello-world), m1… (further images), config, layer.

    `pinged`: it was asked for /v2/ alone. `proxies_said_by` is what names the proxies of its host, "" without any.
    """

    url: str
    tool: str
    steps: Mapping[str, Answer]
    reference: bool = False
    unfinished: str = ""
    pinged: bool = False
    proxies_said_by: str = ""


def image(text: str) -> Image:
    """Return the image that `text` names on Docker Hub.

    Raises:
        UsageError: it is not the name of an image there.
    """
    name, at, digest = text.partition("@")
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = name, "latest"
    repository = repository.removeprefix("docker.io/").removeprefix("index.docker.io/")
    first, slash, _ = repository.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        raise UsageError(
            f"{text!r} is an image of {first}; registry mirrors serve images of Docker Hub only",
            hint="name an image such as alpine, or grafana/grafana:11.2.0",
        )
    reference = digest if at else tag
    if not _REPOSITORY.fullmatch(repository) or not _REFERENCE.fullmatch(reference):
        raise UsageError(f"{text!r} is not the name of an image", hint="write NAME, NAME:TAG or NAME@sha256:DIGEST")
    return Image(repository if slash else f"library/{repository}", reference)


_REPOSITORY = re.compile(r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*")
_REFERENCE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|sha256:[0-9a-f]{64}")
