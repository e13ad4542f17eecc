"""Ask mirrors from a host how they answer: one script, every mirror at once, whatever tools the host has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from provisioner.errors import UsageError
from provisioner.facts.frames import frames, new_nonce
from provisioner.render import root_script
from provisioner.transports.base import Transport

LIMIT, CONNECT, TOTAL = 8, 4, 20
"""Seconds: for one request, for a connection, and after which a mirror is asked nothing more."""

MOST = 16 * 2**20
"""Bytes of a blob that are fetched at most to measure the throughput."""

HUB = "https://registry-1.docker.io"
TOOLS = ("curl", "python3", "wget", "busybox", "bash", "apt_helper")


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
    """What came of one request. `exit` is curl's exit code, 0 when an HTTP answer came; times are in seconds."""

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

    @property
    def digest(self) -> str:
        """The digest that the registry claims, else the one of what it sent."""
        claimed = self.headers.get("docker-content-digest", "")
        return claimed or (f"sha256:{self.sha256}" if self.sha256 else "")


@dataclass(frozen=True, slots=True)
class Probed:
    """One mirror as it answered. The steps: v2, token, m0 (hello-world), m1… (further images), config, layer."""

    url: str
    tool: str
    steps: Mapping[str, Answer]
    reference: bool = False
    unfinished: str = ""


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


def probe(
    transport: Transport,
    urls: Sequence[str],
    images: Sequence[Image] = (),
    *,
    become_password: str | None = None,
    reference: str = HUB,
    tool: str = "",
) -> tuple[Probed, ...]:
    """Ask every mirror at once from the host behind `transport`; takes at most TOTAL + LIMIT seconds.

    `reference` is asked for digests only, to compare with; "" for none. `tool` is one of TOOLS to use, "" for the
    best that the host has.

    Raises:
        ConnectError: see `Transport.run`.
        FactsError: the answer is incomplete.
    """
    nonce = new_nonce()
    mirrors = [{"base": url.rstrip("/"), "depth": "full"} for url in urls]
    if reference:
        mirrors.append({"base": reference.rstrip("/"), "depth": "look"})
    script = root_script(
        "mirror_probe.sh.j2",
        nonce,
        become_password,
        mirrors=mirrors,
        images=(HELLO, *images),
        limit=LIMIT,
        connect=CONNECT,
        total=TOTAL,
        most=MOST,
        tool=tool,
    )
    found = {
        frame.name: frame.body for frame in frames(transport.run(script, timeout=TOTAL + LIMIT + 30).stdout, nonce)
    }
    used = found.get("tool", "").replace("apt_helper", "apt-helper")
    return tuple(
        Probed(
            url=mirror["base"],
            tool=used,
            steps={
                name.partition(" ")[2]: _answer(body)
                for name, body in found.items()
                if name.startswith(f"{number} ") and not name.endswith(" unfinished")
            },
            reference=mirror["depth"] == "look",
            unfinished=found.get(f"{number} unfinished", "").strip(),
        )
        for number, mirror in enumerate(mirrors)
    )


def _answer(text: str) -> Answer:
    """Facts as NAME=VALUE lines, an empty line, headers (of every hop), two empty lines, the body's beginning."""
    head, _, rest = text.partition("\n\n")
    said = dict(line.split("=", 1) for line in head.splitlines() if "=" in line)
    lines, _, body = rest.partition("\n\n")
    hop = re.split(r"(?im)^HTTP/[0-9.]+ .*$", lines)[-1]
    headers = dict(line.split(":", 1) for line in hop.splitlines() if ":" in line)
    took = _number(said.get("ended", "")) - _number(said.get("began", ""))
    return Answer(
        status=int(_number(said.get("status", ""))),
        exit=int(_number(said.get("exit", ""))),
        error=_clean(said.get("error", "")),
        headers={name.strip().lower(): _clean(value) for name, value in headers.items()},
        body=_clean(body),
        dns=_number(said.get("dns", "")),
        tcp=_number(said.get("tcp", "")),
        tls=_number(said.get("tls", "")),
        first_byte=_number(said.get("first", "")) or took,
        total=_number(said.get("total", "")) or took,
        size=int(_number(said.get("bytes", ""))),
        ip=said.get("ip", ""),
        sha256=said.get("sha256", ""),
        wanted=said.get("wanted", ""),
        created=said.get("created", ""),
    )


def _number(text: str) -> float:
    # Old curl writes decimals as the locale does.
    match = re.match(r"\s*(\d+(?:[.,]\d+)?)", text)
    return float(match[1].replace(",", ".")) if match else 0.0


def _clean(text: str) -> str:
    """What a server sent, fit for a terminal and for JSON."""
    text = text.encode("utf-8", "replace").decode("utf-8", "replace")
    return "".join(char if char.isprintable() else " " for char in text).strip()


_REPOSITORY = re.compile(r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*")
_REFERENCE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|sha256:[0-9a-f]{64}")
