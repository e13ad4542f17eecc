"""Why a pull failed, from the engine's own words, and the way out.

The words are those of moby and of containerd, 18.06 to 28.5, most of them heard from real engines on 2026-11-27.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from provisioner.errors import TARGET
from provisioner.images.name import HUB, ImageName

LIMIT = 3600
"""Seconds that an engine has for one image."""

LEAVING = "Attempting next endpoint for pull after error: "
"""What an engine with a graph driver logs when a mirror, or the registry behind them, has failed it; and why."""

TIMED_OUT = 124
"""The status of what `timeout` ended."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """`what` went wrong, and the `hint`, where the engine says one of `words`.

    {registry} is what people call it, {host} its address, {login} the words of docker that log in there, {platform}
    the one that was wanted. `mirrors` may be at fault: an engine asks them first, and tells of Docker Hub alone.
    """

    words: tuple[str, ...]
    what: str
    hint: str
    mirrors: bool = False
    hub: str = ""
    """The hint for Docker Hub, where it is another one."""


ROWS = (
    Trouble(
        ("no space left on device", "disk quota exceeded"),
        "the disk is full",
        "see what takes the room: docker system df, and df of docker's data root",
    ),
    Trouble(
        ("toomanyrequests", "too many requests", "pull rate limit"),
        "{registry} allows no more pulls for now",
        "wait, or log in on the host, as the account that pulls: {login}",
        mirrors=True,
        hub="wait, log in there ({login}), or take a mirror; which are alive: provisioner mirror probe [TARGET]",
    ),
    Trouble(
        ("server gave HTTP response to HTTPS client", "first record does not look like a TLS handshake"),
        "{registry} speaks no TLS, and the engine asks for it",
        "if that is as it should be: provisioner apply [TARGET] --insecure-registry {host}",
        mirrors=True,
    ),
    Trouble(
        ("x509:", "certificate signed by unknown authority"),
        "the certificate of {registry} is not trusted there",
        "put the certificate of its authority into /etc/docker/certs.d/{host}/ca.crt there; is its clock right?",
        mirrors=True,
    ),
    Trouble(
        ("no matching manifest for", "no match for platform", "not match the specified platform", r"wanted .*, actual"),
        "there is no image for {platform}",
        "--platform OS/ARCH takes one for another; docker manifest inspect tells which there are",
    ),
    Trouble(
        ("only supported on a Docker daemon with experimental features", "platform.? requires API version"),
        "this engine takes --platform only with experimental features",
        "leave --platform out, or have an engine of 20.10 or later",
    ),
    Trouble(
        (r"schema ?1", r"manifest\.v1\+(pretty)?jws", "Docker Image Format v1"),
        "the image is in a format that engines have given up",
        "have it built or pushed anew",
    ),
    Trouble(
        ("unauthorized", "authentication required", "no basic auth credentials", r"\bdenied\b", r"\b40[13] [A-Z]"),
        "{registry} does not give it to this login, or has none of that name",
        "check the name; if it is private, log in on the host, as the account that pulls: {login}",
        mirrors=True,
    ),
    Trouble(
        ("manifest unknown", "name unknown", r"\bnot found\b"),
        "there is no image of that name and tag",
        "check both",
        mirrors=True,
    ),
    Trouble(
        (r"\bEOF\b", "connection reset by peer", "verification failed", "failed to copy", "short read", "broken pipe"),
        "what came broke off, or was damaged",
        "run the same command again",
        mirrors=True,
    ),
    Trouble(
        (
            *("no such host", "connection refused", "no route to host", "network is unreachable", "server misbehaving"),
            *("time-?out", "deadline exceeded", "request canceled", "proxyconnect", "dial tcp"),
        ),
        "{registry} is not reached from there",
        "check name and port, the engine's proxies, and the firewalls between",
        mirrors=True,
        hub="take a mirror; which are alive, asked from there: provisioner mirror probe [TARGET]",
    ),
    Trouble(
        ("unexpected HTTP status", "unexpected status", r"\b[45]\d\d [A-Z]"),
        "{registry} is in trouble",
        "run the same command again, later",
        mirrors=True,
    ),
    Trouble(
        ("Cannot connect to the Docker daemon", "error during connect", "daemon is shutting down"),
        "the engine went away",
        "see what is wrong with it: provisioner status [TARGET]",
    ),
)
"""Where two fit, the first is meant."""


def trouble(
    name: ImageName, said: str, status: int, mirrors: Sequence[str], platform: str, *, log: str = ""
) -> tuple[str, str]:
    """Return what went wrong with pulling `name`, and the way out.

    `mirrors` are those that the engine has, `log` the lines of its log that say LEAVING.
    """
    words = " ".join(said.split()).removeprefix("Error response from daemon: ")[-600:]
    if status == TIMED_OUT and not words:
        return f"it had not come after {LIMIT // 60} minutes, and was given up", "run the same command again"
    hub = name.registry == HUB
    reason = _of_a_mirror(log, words) if hub and mirrors else ""
    row = _row(reason or words)
    if row is None:
        return words or f"docker pull ended with status {status}", ""
    values = {
        "registry": "a mirror" if reason else "Docker Hub" if hub else name.registry,
        "host": name.registry,
        "login": "docker login" if hub else f"docker login {name.registry}",
        "platform": platform or "the platform of this host",
    }
    what, hint = row.what.format(**values), ((hub and row.hub) or row.hint).format(**values)
    if hub and mirrors and row.mirrors:
        urls, image = " ".join(url.rstrip("/") for url in mirrors), name.pulled
        what += "" if reason else f"; the mirrors were asked first ({urls})"
        hint = f"ask them for it: provisioner mirror probe {urls} {TARGET} --image {image}"
    return f"{what}: {reason}; and then, of Docker Hub: {words}" if reason else f"{what}: {words}", hint


def _row(words: str) -> Trouble | None:
    return next((row for row in ROWS if any(re.search(word, words, re.IGNORECASE) for word in row.words)), None)


def _of_a_mirror(log: str, words: str) -> str:
    """Why a mirror gave nothing: the first reason that is not the one which the engine has told."""
    found = re.findall(rf'msg="{LEAVING}((?:[^"\\]|\\.)*)"', log)
    reasons = (" ".join(re.sub(r"\\(.)", r"\1", reason).split()) for reason in found)
    return next((reason[-300:] for reason in reasons if reason and not words.endswith(reason)), "")
