"""The engine's service, and what is peculiar to the engine that is there."""

from __future__ import annotations

from provisioner.facts.model import STARTED_AT_BOOT, Facts
from provisioner.plan.engine_steps import run_service
from provisioner.plan.model import Step


def service_step(facts: Facts, *, installs: bool, configured: bool, replaces: bool = False) -> Step | None:
    """Return the step after which the engine runs, now and after a boot; None when it does.

    `replaces`: packages of another engine go in this plan, and disable its units, which have the same names.
    """
    unit = facts.units.get("docker.service")
    runs = facts.engine.info is not None and not installs
    enabled = {
        "systemd": unit is not None and unit.unit_file_state in STARTED_AT_BOOT,
        "none": True,
    }.get(facts.init, facts.starts_at_boot)
    if runs and enabled:
        return None
    masked = any(unit.unit_file_state.startswith("masked") for unit in facts.units.values())
    again = installs and facts.engine.running
    start = "restart" if again else "start"
    steps = (("unmask", masked), ("enable", not enabled), (start, not runs))
    todo = " and ".join(word for word, needed in steps if needed)
    new = "its packages change" if again else "newly installed"
    why = facts.engine.error or (new if installs else "it should run, now and after a reboot")
    return run_service(
        f"{todo} the engine",
        why,
        enable=masked or not enabled or replaces,
        configured=configured,
        restart=again,
        replaced=again and replaces,
    )


def engine_warnings(facts: Facts) -> tuple[str, ...]:
    warnings = []
    if facts.init == "none":
        warnings.append("there is no init system here: nothing restarts the engine after a reboot")
    warnings += [
        f"a rootless engine of user {engine.user} runs as well; {engine.config} stays as it is"
        for engine in facts.other_engines.rootless
    ]
    if facts.engine.client.startswith("/usr/local/"):
        warnings.append(f"the docker client on PATH is {facts.engine.client}, which no package keeps up to date")
    return tuple(warnings)
