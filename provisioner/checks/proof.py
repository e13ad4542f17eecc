"""Proof that pulls go through a mirror: pull an image afresh and read in the daemon's log who served it.

`docker info` shows what is configured and a pull that works may have come from Docker Hub, so neither proves
anything. The daemon names its endpoints at debug level; `debug` is reloadable, so it is on for the pull and off
again afterwards, and the configuration file is what it was, to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from provisioner.facts.model import Facts
from provisioner.host_files import daemon_json
from provisioner.plan.files import FileChange
from provisioner.plan.model import Check, EngineProcess, Plan, Restart, Step

LIMIT = 600
"""Seconds that a pull may take."""

TELLING = (
    "Trying to pull|Attempting next endpoint|Error getting v2 registry"
    "|do request|trying next host|fetch response received"
)
"""What the daemon's log says of a pull: the first line with the graph drivers, the second with the containerd
store (moby 20.10 to 28.5, seen on real engines on 2026-11-23)."""


def proof_plan(host: str, facts: Facts, image: str) -> Plan:
    """Return the plan that pulls `image`; it changes nothing that outlives it."""
    before, path = facts.daemon_json, facts.engine.config_path
    text = before.text if before else None
    debugs = facts.engine.info is not None and facts.engine.info.debug
    step = Step(
        "proof",
        f"pull {image} afresh",
        "the daemon says which endpoint served it",
        "!",
        "proof",
        {
            **FileChange(path, before, "").written(),
            "text": None if debugs else daemon_json.merge(text, {"debug": True}, path),
            "quiet": "" if debugs else daemon_json.merge(text, {"debug": False}, path),
            "format": "{{.Debug}}",
            "image": image,
            "limit": LIMIT,
            "telling": TELLING,
        },
    )
    how = Restart("reload", "debug logging for one pull")
    return Plan(host, "", "", (step,), restart=how, init=facts.service_manager, engine=EngineProcess.of(facts.engine))


def judge(said: Sequence[str], mirrors: Iterable[str], image: str) -> Check:
    """Return the check that `image` was served by one of `mirrors`, from the proof markers of a run."""
    ended = next((line.removeprefix("ended ") for line in said if line.startswith("ended ")), "")
    status, seconds, answer = [*ended.split(" ", 2), "", "", ""][:3]
    served, failures = _served([line.removeprefix("log ") for line in said if line.startswith("log ")])
    passed_over = "".join(f"; {failure}" for failure in failures)
    if status != "0":
        return Check("proof", passed=False, detail=f"{image} cannot be pulled: {answer}{passed_over}")
    if not served:
        return Check(
            "proof",
            passed=False,
            detail=f"{image} was pulled, and the daemon's log does not say from where{passed_over}",
        )
    configured = {url.rstrip("/") for url in mirrors}
    if served in configured:
        return Check("proof", passed=True, detail=f"{image} came from {served} in {seconds} s{passed_over}")
    why = "no mirror is configured" if not configured else f"not from {' or '.join(sorted(configured))}"
    return Check("proof", passed=False, detail=f"{image} came from {served}, {why}{passed_over}")


def _served(log: Sequence[str]) -> tuple[str, list[str]]:
    """Return the base URL that served the pull, and what became of those that were asked before it, with their cost."""
    asked = ""
    since: dict[str, datetime | None] = {}
    failures: dict[str, str] = {}
    for line in log:
        message = _field(line, "msg")
        if tried := re.match(r"Trying to pull \S+ from (\S+)", message):
            asked = tried.group(1).rstrip("/")
            since.setdefault(asked, _time(line))
        elif message == "do request":
            since.setdefault(_field(line, "host"), _time(line))
        elif message.startswith(("Attempting next endpoint", "Error getting v2 registry")):
            if asked:
                failures.setdefault(asked, message.partition(": ")[2] + _cost(since.get(asked), line))
            asked = ""
        elif message == "trying next host":
            host = _field(line, "host")
            failures.setdefault(host, _field(line, "error") + _cost(since.get(host), line))
        elif message == "fetch response received" and _field(line, "response.status").startswith("2"):
            url = _field(line, "url")
            asked = _base(url) if "/manifests/" in url else asked
    return asked, [f"{url}: {reason}" for url, reason in failures.items()]


def _cost(began: datetime | None, line: str) -> str:
    ended = _time(line)
    return f" ({(ended - began).total_seconds():.1f} s lost)" if began and ended and ended >= began else ""


def _time(line: str) -> datetime | None:
    stamp = re.match(r"(\d+-\d+-\d+T\d+:\d+:\d+)(\.\d+)?", _field(line, "time"))
    return datetime.fromisoformat(f"{stamp[1]}.{(stamp[2] or '.0')[1:7]:0<6}+00:00") if stamp else None


def _field(line: str, name: str) -> str:
    """The value of logfmt field `name`, unquoted; "" when the line has none."""
    match = re.search(rf'(?:^|\s){re.escape(name)}=(?:"((?:[^"\\]|\\.)*)"|(\S+))', line)
    if not match:
        return ""
    quoted, bare = match.groups()
    return bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)


def _base(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.partition('/v2/')[0]}"
