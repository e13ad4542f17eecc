"""What one mirror's answers say of it, by themselves."""

from __future__ import annotations

from typing import Literal

from provisioner.mirror_probe.answer import HELLO, Answer, Probed

Verdict = Literal["alive", "stale", "restricted", "not a Docker Hub mirror", "parked page", "dead", "unknown"]


def verdict(mirror: Probed) -> tuple[Verdict, str]:
    """Return the verdict and its evidence; never stale, which takes other mirrors to tell.

    A mirror that serves hello-world is alive whatever it says on /v2/: engines with the containerd image store
    do not ask there (moby daemon/containerd, 29).
    """
    if mirror.tool == "none":
        return "unknown", "none of curl, wget, python3, bash, apt-helper is on this host"
    ping, manifest = mirror.steps.get("v2"), mirror.steps.get("m0")
    if ping is None or not ping.status:
        if ping and ping.exit == 1:  # the tool, not the mirror
            return "unknown", ping.error
        return "dead", _failure(ping)
    if manifest and manifest.status == 200 and is_manifest(manifest):
        return _served(mirror, manifest)
    if ping.status == 200 and _is_page(ping):
        return "parked page", f"/v2/ answers {ping.headers.get('content-type') or 'a page'}: {ping.body[:60].strip()}"
    return _refused(mirror, ping, manifest) or _not_served(mirror, ping, manifest)


def _refused(mirror: Probed, ping: Answer, manifest: Answer | None) -> tuple[Verdict, str] | None:
    token = mirror.steps.get("token")
    if token and token.status != 200:
        return ("restricted" if token.status else "dead"), f"the token service {said(token)}"
    refused = next((answer for answer in (manifest, ping) if answer and answer.status in _REFUSALS), None)
    if refused is None:
        return None
    if refused.status == 401 and mirror.tool in _BLIND:
        return "unknown", f"it wants a token, and {mirror.tool} on this host cannot get one; curl or python3 can"
    where = "/v2/" if refused is ping else HELLO.name
    basic = refused.headers.get("www-authenticate", "").lower().startswith("basic")
    return "restricted", f"{where} {said(refused)}" + (", a user name and password" if basic else "")


def _not_served(mirror: Probed, ping: Answer, manifest: Answer | None) -> tuple[Verdict, str]:
    if ping.status >= 500:
        return "dead", f"/v2/ {said(ping)}"
    if ping.status == 404:
        return "not a Docker Hub mirror", "/v2/ answers 404: no registry"
    if mirror.tool == "apt-helper" or manifest is None:
        return "unknown", f"/v2/ {said(ping)}; more could not be asked ({mirror.unfinished or mirror.tool})"
    if not manifest.status or manifest.status >= 500:
        return "dead", f"/v2/ {said(ping)}, and {HELLO.name} {said(manifest)}"
    if manifest.status == 200:
        return "not a Docker Hub mirror", f"{HELLO.name} is no manifest: {manifest.headers.get('content-type', '')}"
    return "not a Docker Hub mirror", f"a registry, and {HELLO.name} {said(manifest)}"


def _served(mirror: Probed, manifest: Answer) -> tuple[Verdict, str]:
    claimed = manifest.headers.get("docker-content-digest", "")
    if manifest.sha256 and claimed and claimed != f"sha256:{manifest.sha256}":
        return "dead", f"damaged: {HELLO.name} is {short(claimed)} by its header and has sha256 {manifest.sha256[:12]}"
    config = mirror.steps.get("config")
    if config and config.status == 200 and config.sha256 != config.wanted:
        return "dead", f"damaged: a blob of {HELLO.name} is {config.sha256[:12]} instead of {config.wanted[:12]}"
    if config and config.status >= 400:
        return "dead", f"serves the manifest of {HELLO.name}, and its blob {said(config)}"
    return "alive", f"{HELLO.name} {short(manifest.digest)}"


def _is_page(answer: Answer) -> bool:
    return "html" in answer.headers.get("content-type", "").lower() or answer.body.lstrip().startswith("<")


def is_manifest(answer: Answer) -> bool:
    kind = answer.headers.get("content-type", "")
    return "docker-content-digest" in answer.headers or any(vendor in kind for vendor in _MANIFEST_TYPES)


def said(answer: Answer) -> str:
    """The answer in words, as the rest of a sentence."""
    words = _STATUS.get(answer.status, "")
    if not answer.status:
        return _failure(answer)
    return f"answers {answer.status}" + (f" ({words})" if words else "")


def _failure(answer: Answer | None) -> str:
    if answer is None:
        return "no answer"
    word = _EXITS.get(answer.exit, "no answer")
    return f"{word}: {answer.error}" if answer.error else word


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
_EXITS = {
    6: "its name does not resolve",
    7: "the connection fails",
    28: "timed out",
    35: "TLS fails",
    51: "its certificate is not valid",
    52: "it closes the connection without an answer",
    56: "the connection broke",
    60: "its certificate is not trusted",
    77: "this host has no CA certificates",
}
