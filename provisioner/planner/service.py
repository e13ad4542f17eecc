"""The engine's service, and warnings about the engine that is there."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.errors import ApplyError, PrivilegeError
from provisioner.facts.engine_origin import origin
from provisioner.facts.model import STARTED_AT_BOOT, Facts
from provisioner.plan.engine_steps import run_service
from provisioner.plan.model import Restart, Step

CONTAINERD_UNIT = "containerd.service"
OUTLIVED = "the program that runs is an earlier one than its packages have brought"


def service_step(
    facts: Facts,
    *,
    installs: bool,
    configured: bool,
    containerd: bool = False,
    outlived: bool = False,
    replaces: bool = False,
    flags: Sequence[str] = (),
) -> Step | None:
    """Return the step after which the engine runs and answers, now and after a reboot; None when it does.

    `containerd`: its package comes with this plan. `outlived`: the wanted version is installed, and an earlier one
    still runs. `replaces`: packages of another engine go in this plan, and disable its units, which have the same
    names. `flags` are those of the next start.

    Raises:
        PrivilegeError: whether it answers cannot be known without root.
        ApplyError: it listens only where nobody can ask it.
    """
    unit, engine = facts.engine_unit, facts.engine
    runs = engine.info is not None and not installs
    enabled = {
        "systemd": unit is not None and unit.unit_file_state in STARTED_AT_BOOT,
        "none": True,
    }.get(facts.init, facts.starts_at_boot)
    # An engine that waits for its containerd may not answer, and needs no restart.
    helper = not installs and engine.running and (containerd or _containerd_is_off(facts))
    if runs and enabled and not (helper or outlived):
        return None
    silent = engine.running and engine.info is None and not helper
    if silent and not installs:
        _refuse_to_guess(facts)
    masked = any(unit.unit_file_state.startswith("masked") for unit in facts.units.values())
    again = installs and engine.running
    start = "restart" if again or silent or outlived else "start"
    steps = (("unmask", masked), ("enable", not enabled), (start, outlived or (not runs and not helper)))
    todo = " and ".join(word for word, needed in steps if needed)
    title = " and ".join(filter(None, ["start containerd" if helper else "", f"{todo} the engine" if todo else ""]))
    new = "its packages change" if again else "newly installed"
    why = engine.error or (new if installs else OUTLIVED if outlived else "it should run, now and after a reboot")
    return run_service(
        title,
        why,
        enable=masked or not enabled or replaces,
        configured=configured,
        restart=again or outlived,
        replaced=again and replaces,
        revive=silent and not installs,
        containerd=helper,
        config_path="" if engine.snap else engine.config_path,
        flags=flags,
    )


def start_of(facts: Facts, *, outlived: bool) -> Restart:
    """Return what the service step, where there is one, does to an engine whose configuration interrupts nothing."""
    engine = facts.engine
    if engine.info is not None and outlived:
        return Restart("restart", OUTLIVED, 0 if engine.info.live_restore else engine.info.containers_running)
    if engine.info is not None or (engine.running and _containerd_is_off(facts)):
        return Restart("none")
    if not engine.running:
        return Restart("start", "the engine does not run")
    return Restart("restart", f"dockerd runs and does not answer: {engine.error}", engine.containers_alive)


def _containerd_is_off(facts: Facts) -> bool:
    """The engine uses the containerd of the system, which does not run: it starts no container then."""
    unit = facts.units.get(CONTAINERD_UNIT)
    uses = any(word.startswith("--containerd") for word in facts.engine.command_line)
    return uses and unit is not None and unit.load_state == "loaded" and unit.active_state in {"inactive", "failed"}


def _refuse_to_guess(facts: Facts) -> None:
    engine = facts.engine
    if not facts.as_root:
        raise PrivilegeError(
            f"dockerd runs (pid {engine.pid}), and {facts.login.name} may not ask it: {engine.error}",
            hint="log in as root, or as an account that becomes root by sudo (-K gives the password)",
        )
    if engine.host.startswith("tcp:"):
        raise ApplyError(
            f"dockerd runs (pid {engine.pid}) and listens only at {engine.host}, where it does not answer without "
            f"credentials: {engine.error}. Nothing was changed.",
            hint="give it the socket as well: -H unix:///var/run/docker.sock, or fd:// where docker.socket is there",
        )


def engine_warnings(facts: Facts) -> tuple[str, ...]:
    warnings = []
    if facts.init == "none":
        warnings.append("there is no init system here: nothing restarts the engine after a reboot")
    warnings += [
        f"a rootless engine of user {engine.user} runs as well; {engine.config} stays as it is"
        for engine in facts.other_engines.rootless
    ]
    engine = facts.engine
    warnings += [f"another engine runs here and is left alone: {other}" for other in engine.others]
    if engine.unpackaged or engine.by_hand:
        warnings.append(f"the engine is {origin(facts)}")
    if facts.engine.client.startswith("/usr/local/"):
        warnings.append(f"the docker client on PATH is {facts.engine.client}, which no package keeps up to date")
    return tuple(warnings)
