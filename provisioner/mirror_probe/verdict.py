"""What one mirror's answers say of it, by themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from provisioner.mirror_probe.answer import HELLO, Answer, Probed

Verdict = Literal["alive", "stale", "restricted", "not a Docker Hub mirror", "parked page", "dead", "unknown"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and its evidence. `hopeless`: nothing answers there, or something that is no registry.

    What may pass, such as a login, a limit, a certificate or a proxy, leaves hope.
    """

    verdict: Verdict
    evidence: str
    hopeless: bool = False


def verdict(mirror: Probed) -> Judgement:
    """Return what a mirror is; never stale, which takes other mirrors to tell.

    A mirror that serves hello-world is alive whatever it says on /v2/: engines with the containerd image store
    do not ask there (moby daemon/containerd, 29). Serving means that a blob of it came, from where it really is.
    """
    if mirror.tool == "none":
        return Judgement("unknown", "none of curl, wget, python3, bash, apt-helper is on this host")
    ping, manifest = mirror.steps.get("v2"), mirror.steps.get("m0")
    if ping is None or not ping.status:
        return _silent(mirror, ping)
    if manifest and manifest.status == 200 and is_manifest(manifest):
        return _served(mirror, manifest)
    if ping.status == 200 and _is_page(ping):
        kind = ping.headers.get("content-type") or "a page"
        evidence = f"/v2/ answers {kind}: {ping.body[:60].strip()}{_at(mirror, ping)}"
        return Judgement("parked page", evidence, hopeless=not ping.proxy)
    return _refused(mirror, ping, manifest) or _not_served(mirror, ping, manifest)


def answers(mirror: Probed) -> Judgement:
    """Return what the answer to /v2/ alone says: of a mirror of another registry, whose images nobody knows."""
    if mirror.tool == "none":
        return Judgement("unknown", "none of curl, wget, python3, bash, apt-helper is on this host")
    ping = mirror.steps.get("v2")
    if ping is None or not ping.status:
        return _silent(mirror, ping)
    if ping.status == 200 and _is_page(ping):
        return Judgement("parked page", f"/v2/ answers a page{_at(mirror, ping)}", hopeless=not ping.proxy)
    if ping.status in {200, 401}:
        return Judgement("alive", f"/v2/ {said(ping)}")
    found = _refused(mirror, ping, None)
    return found or Judgement("dead" if ping.status >= 500 else "unknown", f"/v2/ {told(mirror, ping)}")


def _silent(mirror: Probed, ping: Answer | None) -> Judgement:
    if ping is None:
        return Judgement("dead", "no answer")
    if ping.exit == _TOOL:
        return Judgement("unknown", ping.error)
    # A proxy that fails says nothing of the mirror. A connection that stood and brought nothing may be a slow one.
    nobody = ping.exit in {_NO_NAME, _NO_CONNECTION} or (ping.exit == _TIMED_OUT and mirror.tool in _TIMING)
    return Judgement("dead", told(mirror, ping), hopeless=nobody and not ping.tcp and not ping.proxy)


def _refused(mirror: Probed, ping: Answer, manifest: Answer | None) -> Judgement | None:
    token = mirror.steps.get("token")
    if token and token.exit == _TOOL:
        return Judgement("unknown", token.error)
    if token and token.status != 200:
        return Judgement("restricted" if token.status else "dead", _of("the token service", mirror, token))
    refused = next((answer for answer in (manifest, ping) if answer and answer.status in _REFUSALS), None)
    if refused is None:
        return None
    if refused.status == 401 and mirror.tool in _BLIND:
        return Judgement(
            "unknown", f"it wants a token, and {mirror.tool} on this host cannot get one; curl or python3 can"
        )
    where = "/v2/" if refused is ping else HELLO.name
    basic = refused.headers.get("www-authenticate", "").lower().startswith("basic")
    return Judgement("restricted", f"{where} {told(mirror, refused)}" + (", a user name and password" if basic else ""))


def _not_served(mirror: Probed, ping: Answer, manifest: Answer | None) -> Judgement:
    if ping.status >= 500:
        return Judgement("dead", f"/v2/ {told(mirror, ping)}")
    if ping.status == 404:
        evidence = f"/v2/ answers 404{_at(mirror, ping)}: no registry"
        return Judgement("not a Docker Hub mirror", evidence, hopeless=not ping.proxy and bool(manifest))
    cut_off = manifest is not None and 300 <= manifest.status < 400
    if mirror.tool == "apt-helper" or manifest is None or cut_off or (not manifest.status and manifest.exit == _TOOL):
        why = (manifest and manifest.error) or mirror.unfinished or mirror.tool
        return Judgement("unknown", f"/v2/ {said(ping)}; more could not be asked ({why})")
    if not manifest.status or manifest.status >= 500:
        return Judgement("dead", f"/v2/ {said(ping)}, and {_of(HELLO.name, mirror, manifest)}")
    if manifest.status == 200:
        kind = manifest.headers.get("content-type", "")
        return Judgement("not a Docker Hub mirror", f"{HELLO.name} is no manifest: {kind}{_at(mirror, manifest)}")
    return Judgement("not a Docker Hub mirror", f"a registry, and {HELLO.name} {told(mirror, manifest)}")


def _served(mirror: Probed, manifest: Answer) -> Judgement:
    claimed = manifest.headers.get("docker-content-digest", "")
    if manifest.sha256 and claimed and claimed != f"sha256:{manifest.sha256}":
        return Judgement(
            "dead", f"damaged: {HELLO.name} is {short(claimed)} by its header and has sha256 {manifest.sha256[:12]}"
        )
    blob = mirror.steps.get("config") or mirror.steps.get("m0-image")
    if blob is None or (not blob.status and blob.exit == _TOOL) or (blob.status < 400 and mirror.unfinished):
        why = (blob and blob.error) or ("the time was up" if mirror.unfinished else "its manifest names none to try")
        return Judgement("unknown", f"serves the manifest of {HELLO.name}; whether its blobs come, nobody saw: {why}")
    if blob.status != 200 or "config" not in mirror.steps:
        restricted = blob.status in _REFUSALS
        return Judgement(
            "restricted" if restricted else "dead",
            f"serves the manifest of {HELLO.name}, and {_of('its blob', mirror, blob)}",
        )
    if blob.sha256 != blob.wanted:
        damage = f"{_at(mirror, blob)} is {blob.sha256[:12]} instead of {blob.wanted[:12]}"
        return Judgement("dead", f"damaged: a blob of {HELLO.name}{damage}")
    if any(answer.unchecked for answer in mirror.steps.values()):
        return Judgement("unknown", f"it serves {HELLO.name}, and {mirror.tool} on this host checks no certificate")
    return Judgement("alive", f"{HELLO.name} {short(manifest.digest)}")


def _is_page(answer: Answer) -> bool:
    return "html" in answer.headers.get("content-type", "").lower() or answer.body.lstrip().startswith("<")


def is_manifest(answer: Answer) -> bool:
    kind = answer.headers.get("content-type", "")
    return "docker-content-digest" in answer.headers or any(vendor in kind for vendor in _MANIFEST_TYPES)


def _of(what: str, mirror: Probed, answer: Answer) -> str:
    return f"{what}{'' if answer.status else ':'} {told(mirror, answer)}"


def told(mirror: Probed, answer: Answer) -> str:
    """The answer in words, with the host that gave it and the proxy that it came through where these are others."""
    if answer.status:
        words = f"{said(answer)}{_at(mirror, answer)}"
    else:
        word = _EXITS.get(answer.exit, "no answer")
        words = f"{word}{_at(mirror, answer)}" + (f": {answer.error}" if answer.error else "")
    if answer.proxy:
        words += f"; it was asked through the proxy {answer.proxy}, as {mirror.proxies_said_by} says"
    return words


def said(answer: Answer) -> str:
    """The answer in words, as the rest of a sentence."""
    words = _STATUS.get(answer.status, "")
    if not answer.status:
        word = _EXITS.get(answer.exit, "no answer")
        return f"{word}: {answer.error}" if answer.error else word
    return f"answers {answer.status}" + (f" ({words})" if words else "")


def _at(mirror: Probed, answer: Answer) -> str:
    place = _host(answer.place)
    return f" at {place}" if place and place != _host(mirror.url) else ""


def _host(url: str) -> str:
    """Host and port of any URL, also of one that is none: a server made it up."""
    return re.split(r"[/?#]", url.partition("://")[2])[0].rpartition("@")[2]


def short(digest: str) -> str:
    return digest[:19]


_MANIFEST_TYPES = ("application/vnd.docker.distribution.", "application/vnd.oci.image.")
_BLIND = {"busybox", "apt-helper"}
"""Tools that do not show the headers of a refusal, where the challenge is."""

_REFUSALS = {401, 403, 407, 429, 451}
_STATUS = {
    401: "login wanted",
    403: "forbidden",
    404: "not found",
    429: "too many requests",
    451: "barred by law",
    502: "bad gateway",
    503: "out of service",
    504: "gateway timed out",
}
_TOOL, _NO_NAME, _NO_CONNECTION, _TIMED_OUT = 1, 6, 7, 28
"""Exit codes of an `Answer`."""

_TIMING = {"curl", "python3"}
"""Tools that tell whether the connection stood when the time was up."""

_EXITS = {
    3: "its address is no URL",
    5: "the name of the proxy does not resolve",
    6: "its name does not resolve",
    7: "the connection fails",
    8: "it redirects to nowhere",
    28: "timed out",
    35: "TLS fails",
    47: "it redirects in circles",
    51: "its certificate is not valid",
    52: "it closes the connection without an answer",
    56: "the connection broke",
    60: "its certificate is not trusted",
    77: "this host has no CA certificates",
}
