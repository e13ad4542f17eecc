"""Proof that pulls go through a mirror: pull an image and read in the daemon's log who served it.

`docker info` shows what is configured and a pull that works may have come from Docker Hub, so neither proves
anything. The daemon names its endpoints at debug level; `debug` is reloadable, so it is on for the pull and off
again afterwards, and the configuration file is what it was, to the byte.

Images stay what they were. An image that the host had is kept, since perhaps no registry has it any more: the engine
then asks for its manifest alone, and the check says so. An image that came with the pull is removed. After a proof that
was cut off, the next one repairs names and configuration.

An engine that was started at another level than info cannot return to it: moby's debug, switched off, leaves info,
and a reload does not read log-level (20.10 to 28.5). There `debug` stays as it is, and the proof has what the log
says anyway.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from provisioner.facts.host import Host
from provisioner.plan.engine_steps import debug_for_a_pull, listen_to_pull, pull_for_proof
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


UNASKED = {
    "built": "was built or loaded here, and no registry has given it: a pull would put another image in its place",
    "digest": "is here, and an engine asks no registry for a digest that it has",
}
"""Why an image that is here is not pulled, by the word of the proof markers."""

SAYS_ALL = ("debug", "trace")
"""Levels at which the daemon names its endpoints without being asked to."""


def proof_plan(name: str, host: Host, image: str) -> Plan:
    """Return the plan that pulls `image` on the host called `name`; it changes nothing that outlives it."""
    return _plan(name, host, lambda debug: pull_for_proof(image, debug, limit=LIMIT))


def listening_plan(name: str, host: Host, over: Sequence[str], limit: int) -> Plan:
    """Return the plan that has the daemon of the host called `name` say whom it asks while somebody else pulls.

    One of the files `over` tells that this pull has ended; without it that lasts `limit` seconds.
    """
    return _plan(name, host, lambda debug: listen_to_pull(over, debug, limit=limit))


def _plan(name: str, host: Host, step: Callable[[Mapping[str, Any]], Step]) -> Plan:
    facts, level = host.facts, log_level(host)
    says_all = level in SAYS_ALL or (host.info is not None and host.info.debug)
    switches = not says_all and level == "info"
    before, path = facts.daemon_json, facts.engine.config_path
    debug = debug_for_a_pull(
        FileChange(path, before, host.daemon_json.merged({"debug": True})) if switches else None,
        path=path,
        quiet=host.daemon_json.merged({"debug": False}) if switches else "",
        level="" if says_all or switches else level,
        telling=TELLING,
    )
    how = Restart("reload", "debug logging for one pull") if switches else Restart("none")
    return Plan(
        name, "", "", (step(debug),), restart=how, init=facts.service_manager, engine=EngineProcess.of(facts.engine)
    )


def log_level(host: Host) -> str:
    """The level at which the daemon is told to log, by a flag or by its file.

    Raises:
        DaemonConfigurationError: its file is broken.
    """
    given = host.flag_places("log-level")
    if given:
        return "".join(given[-1].values[-1:])
    return str(host.daemon_json.required.get("log-level") or "info")


def proof_check(said: Sequence[str], mirrors: Iterable[str], image: str) -> Check:
    """Return the check that `image` was served by one of `mirrors`, from the proof markers of a run."""
    served, failures = _served(_all(said, "log"))
    besides = "".join(f"; {words}" for words in [*failures, *_all(said, "left")])
    if why := UNASKED.get(_first(said, "unasked")):
        return Check("proof", passed=False, detail=f"{image} {why}; name an image that is not here{besides}")
    status, seconds, answer = [*_first(said, "ended").split(" ", 2), "", "", ""][:3]
    if status != "0":
        return Check("proof", passed=False, detail=f"{image} cannot be pulled: {answer}{besides}")
    if not served:
        detail = f"{image} was pulled, and {_silence(_first(said, 'level'))}{besides}"
        return Check("proof", passed=False, detail=detail)
    configured = {url.rstrip("/") for url in mirrors}
    here = _first(said, "layers") == "0"
    came = f"the manifest of {image} came from {served}" if here else f"{image} came from {served}"
    if served in configured:
        rest = "; its layers were here already and were not asked for" if here else ""
        return Check("proof", passed=True, detail=f"{came} in {seconds} s{rest}{besides}")
    return Check("proof", passed=False, detail=f"{came}, {_instead_of(configured)}{besides}")


def served_check(
    said: Sequence[str], mirrors: Iterable[str], image: str, layers: int, *, familiar: str, repository: str
) -> Check:
    """Return the check that a pull of `image`, which brought so many `layers`, was served by one of `mirrors`.

    `said` are the proof markers of a run that listened to it; its `repository` is called `familiar` by engines with a
    graph driver, and what somebody else pulls meanwhile is not heard. What the log tells of is the manifest: an engine
    with the containerd store may take a layer from elsewhere.
    """
    served, failures = _served(_all(said, "log"), familiar, f"/v2/{repository}/manifests/")
    besides = "".join(f"; {words}" for words in failures)
    if not served:
        detail = f"{image} was pulled, and {_silence(_first(said, 'level'))}{besides}"
        return Check("proof", passed=False, detail=detail)
    configured = {url.rstrip("/") for url in mirrors}
    came = f"in this pull, the manifest of {image} came from {served}"
    if served not in configured:
        return Check("proof", passed=False, detail=f"{came}, {_instead_of(configured)}{besides}")
    rest = "" if layers else "; its layers were here already and were not asked for"
    return Check("proof", passed=True, detail=f"{came}{rest}{besides}")


def _instead_of(configured: Collection[str]) -> str:
    return f"not from {' or '.join(sorted(configured))}" if configured else "no mirror is configured"


def _silence(level: str) -> str:
    if not level:
        return "the daemon's log does not say from where"
    return (
        f"from where is not known: this engine logs at {level}, and after a moment at debug it would log at info "
        "until its restart"
    )


def _all(said: Sequence[str], verb: str) -> list[str]:
    return [line.removeprefix(f"{verb} ") for line in said if line.startswith(f"{verb} ")]


def _first(said: Sequence[str], verb: str) -> str:
    return [*_all(said, verb), ""][0]


def _served(log: Sequence[str], name: str = "", path: str = "/manifests/") -> tuple[str, list[str]]:
    """Return the base URL that served the pull, and what became of those that were asked before it, with their cost.

    Of a pull with a `name`, lines about others are passed over; `path` is in the URLs of its manifests.
    """
    asked, ours = "", True
    since: dict[str, datetime | None] = {}
    failures: dict[str, str] = {}
    for line in log:
        message = _field(line, "msg")
        if tried := re.match(r"Trying to pull (\S+) from (\S+)", message):
            ours = name in {"", tried[1]}
            if ours:
                asked = tried[2].rstrip("/")
                since.setdefault(asked, _time(line))
        elif message == "do request":
            since.setdefault(_field(line, "host"), _time(line))
        elif message.startswith(("Attempting next endpoint", "Error getting v2 registry")):
            if asked and ours:
                failures.setdefault(asked, message.partition(": ")[2] + _cost(since.get(asked), line))
            asked = "" if ours else asked
        elif message == "trying next host":
            host = _field(line, "host")
            failures.setdefault(host, _field(line, "error") + _cost(since.get(host), line))
        elif message == "fetch response received" and _field(line, "response.status").startswith("2"):
            url = _field(line, "url")
            asked = _base(url) if path in url else asked
    return asked, [f"{url}: {reason}" for url, reason in failures.items()]


def _cost(began: datetime | None, line: str) -> str:
    ended = _time(line)
    return f" ({(ended - began).total_seconds():.1f} s lost)" if began and ended and ended >= began else ""


def _time(line: str) -> datetime | None:
    stamp = re.match(r"(\d+-\d+-\d+T\d+:\d+:\d+)(\.\d+)?", _field(line, "time"))
    try:
        return datetime.fromisoformat(f"{stamp[1]}.{(stamp[2] or '.0')[1:7]:0<6}+00:00") if stamp else None
    except ValueError:
        return None


def _field(line: str, name: str) -> str:
    """The value of field `name` in a line of logfmt or JSON; "" when the line has none."""
    if line.startswith("{"):
        try:
            return str(json.loads(line).get(name, ""))
        except (ValueError, RecursionError):
            return ""
    match = re.search(rf'(?:^|\s){re.escape(name)}=(?:"((?:[^"\\]|\\.)*)"|(\S+))', line)
    if not match:
        return ""
    quoted, bare = match.groups()
    return bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)


def _base(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}{parts.path.partition('/v2/')[0]}"
