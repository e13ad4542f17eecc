"""The commands."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated

import typer

from provisioner import __version__
from provisioner.cli import options as o
from provisioner.errors import ProvisionerError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
mirror = typer.Typer(no_args_is_help=True, help="Registry mirrors of engines that are installed.")
app.add_typer(mirror, name="mirror")


def run() -> None:
    """Run a command; the only place that prints errors and chooses the exit code."""
    try:
        app()
    except ProvisionerError as error:
        typer.echo(f"error: {error.message}", err=True)
        if error.hint:
            typer.echo(f"  -> {error.hint}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("interrupted; what has begun on a host runs to its end there", err=True)
        sys.exit(130)
    except Exception:  # noqa: BLE001 # whatever else happens is a bug, and is written down
        log = Path(tempfile.mkstemp(prefix="provisioner-", suffix=".log")[1])
        versions = f"provisioner {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        log.write_text(versions + traceback.format_exc(), encoding="utf-8")
        typer.echo(f"error: this is a bug in provisioner; the details are in {log}", err=True)
        sys.exit(70)


@app.callback(invoke_without_command=True)
def root(*, version: Annotated[bool, typer.Option("--version", help="show the version and exit")] = False) -> None:
    """Docker Engine and registry mirrors on fresh Linux servers: planned, applied, proven."""
    if version:
        typer.echo(f"provisioner {__version__}")
        raise typer.Exit


@app.command()
def facts(
    target: o.Targets = None,
    *,
    raw: Annotated[bool, typer.Option("--raw", help="the host's answer as it came")] = False,
    as_json: o.AsJson = False,
    user: o.User = None,
    port: o.Port = None,
    private_key: o.PrivateKey = None,
    ask_pass: o.AskPass = False,
    ask_become_pass: o.AskBecomePass = False,
    forks: o.Forks = 50,
    known_hosts: o.KnownHosts = None,
    accept_new: o.AcceptNew = False,
    ssh_config: o.SSHConfig = None,
    jump: o.Jump = None,
    timeout: o.Timeout = 15.0,
) -> None:
    """Show what is known about hosts."""
    from provisioner.cli import facts_table, hosts
    from provisioner.spec import Spec

    found = hosts.targets(
        target,
        Spec(),
        user=user,
        port=port,
        private_key=private_key,
        ask_pass=ask_pass,
        ask_become_pass=ask_become_pass,
        known_hosts=known_hosts,
        accept_new=accept_new,
        ssh_config=ssh_config,
        jump=jump,
        timeout=timeout,
    )
    facts_table.show(found, raw=raw, as_json=as_json, forks=forks)


@app.command()
def plan(
    target: o.Targets = None,
    *,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="9 when there is something to do")] = False,
    docker_version: o.DockerVersion = None,
    channel: o.Channel = "stable",
    source: o.Source = "auto",
    source_fingerprint: o.SourceFingerprint = None,
    strategy: o.Strategy = "auto",
    registry_mirror: o.RegistryMirror = None,
    insecure_registry: o.InsecureRegistry = None,
    daemon: o.Daemon = None,
    docker_user: o.DockerUser = None,
    hold: o.Hold = False,
    verbose: o.Verbose = False,
    as_json: o.AsJson = False,
    user: o.User = None,
    port: o.Port = None,
    private_key: o.PrivateKey = None,
    ask_pass: o.AskPass = False,
    ask_become_pass: o.AskBecomePass = False,
    forks: o.Forks = 50,
    known_hosts: o.KnownHosts = None,
    accept_new: o.AcceptNew = False,
    ssh_config: o.SSHConfig = None,
    jump: o.Jump = None,
    timeout: o.Timeout = 15.0,
) -> None:
    """Show what apply would do; touch nothing."""
    from provisioner.cli import hosts
    from provisioner.cli.rollout import finish, look_at
    from provisioner.fleet import worst
    from provisioner.report import outcome_text, plan_text

    wanted = hosts.spec(
        version=docker_version,
        channel=channel,
        source=source,
        source_fingerprint=source_fingerprint,
        strategy=strategy,
        registry_mirrors=registry_mirror or None,
        insecure_registries=insecure_registry or None,
        daemon=o.daemon_values(daemon),
        users=docker_user or (),
        hold=hold,
    )
    found = hosts.targets(
        target,
        wanted,
        user=user,
        port=port,
        private_key=private_key,
        ask_pass=ask_pass,
        ask_become_pass=ask_become_pass,
        known_hosts=known_hosts,
        accept_new=accept_new,
        ssh_config=ssh_config,
        jump=jump,
        timeout=timeout,
    )
    outcomes = look_at(found, forks)
    if as_json:
        finish("plan", outcomes, as_json=True)
    for outcome in outcomes:
        typer.echo(plan_text(outcome.plan, script=verbose) if outcome.plan else outcome_text(outcome))
    code = worst(outcome.exit_code for outcome in outcomes)
    different = exit_code and any(outcome.status == "planned" for outcome in outcomes)
    raise typer.Exit(code or (9 if different else 0))


@app.command()
def apply(
    target: o.Targets = None,
    *,
    docker_version: o.DockerVersion = None,
    channel: o.Channel = "stable",
    source: o.Source = "auto",
    source_fingerprint: o.SourceFingerprint = None,
    strategy: o.Strategy = "auto",
    registry_mirror: o.RegistryMirror = None,
    insecure_registry: o.InsecureRegistry = None,
    daemon: o.Daemon = None,
    docker_user: o.DockerUser = None,
    hold: o.Hold = False,
    yes: o.Yes = False,
    allow_restart: o.AllowRestart = False,
    verbose: o.Verbose = False,
    as_json: o.AsJson = False,
    user: o.User = None,
    port: o.Port = None,
    private_key: o.PrivateKey = None,
    ask_pass: o.AskPass = False,
    ask_become_pass: o.AskBecomePass = False,
    forks: o.Forks = 50,
    known_hosts: o.KnownHosts = None,
    accept_new: o.AcceptNew = False,
    ssh_config: o.SSHConfig = None,
    jump: o.Jump = None,
    timeout: o.Timeout = 15.0,
) -> None:
    """Bring hosts to the wanted state and check that they are there."""
    from provisioner.cli import hosts
    from provisioner.cli.rollout import roll_out

    wanted = hosts.spec(
        version=docker_version,
        channel=channel,
        source=source,
        source_fingerprint=source_fingerprint,
        strategy=strategy,
        registry_mirrors=registry_mirror or None,
        insecure_registries=insecure_registry or None,
        daemon=o.daemon_values(daemon),
        users=docker_user or (),
        hold=hold,
    )
    found = hosts.targets(
        target,
        wanted,
        user=user,
        port=port,
        private_key=private_key,
        ask_pass=ask_pass,
        ask_become_pass=ask_become_pass,
        known_hosts=known_hosts,
        accept_new=accept_new,
        ssh_config=ssh_config,
        jump=jump,
        timeout=timeout,
    )
    roll_out("apply", found, forks=forks, yes=yes, allow_restart=allow_restart, as_json=as_json, verbose=verbose)


@mirror.command("set")
def mirror_set(
    words: Annotated[list[str], typer.Argument(metavar="URL... [TARGET...]", help="mirrors first, then hosts")],
    *,
    yes: o.Yes = False,
    allow_restart: o.AllowRestart = False,
    verbose: o.Verbose = False,
    as_json: o.AsJson = False,
    user: o.User = None,
    port: o.Port = None,
    private_key: o.PrivateKey = None,
    ask_pass: o.AskPass = False,
    ask_become_pass: o.AskBecomePass = False,
    forks: o.Forks = 50,
    known_hosts: o.KnownHosts = None,
    accept_new: o.AcceptNew = False,
    ssh_config: o.SSHConfig = None,
    jump: o.Jump = None,
    timeout: o.Timeout = 15.0,
) -> None:
    """Make these the mirrors, in this order; installs nothing."""
    from provisioner.cli import hosts
    from provisioner.cli.rollout import roll_out
    from provisioner.errors import UsageError

    urls = [word for word in words if "://" in word]
    if not urls:
        raise UsageError("name at least one mirror URL", hint="to remove all mirrors: provisioner mirror clear")
    found = hosts.targets(
        [word for word in words if "://" not in word],
        hosts.spec(registry_mirrors=urls, install=False),
        user=user,
        port=port,
        private_key=private_key,
        ask_pass=ask_pass,
        ask_become_pass=ask_become_pass,
        known_hosts=known_hosts,
        accept_new=accept_new,
        ssh_config=ssh_config,
        jump=jump,
        timeout=timeout,
    )
    roll_out(
        "mirror set",
        found,
        forks=forks,
        yes=yes,
        allow_restart=allow_restart,
        as_json=as_json,
        verbose=verbose,
    )


@mirror.command("clear")
def mirror_clear(
    target: o.Targets = None,
    *,
    yes: o.Yes = False,
    allow_restart: o.AllowRestart = False,
    verbose: o.Verbose = False,
    as_json: o.AsJson = False,
    user: o.User = None,
    port: o.Port = None,
    private_key: o.PrivateKey = None,
    ask_pass: o.AskPass = False,
    ask_become_pass: o.AskBecomePass = False,
    forks: o.Forks = 50,
    known_hosts: o.KnownHosts = None,
    accept_new: o.AcceptNew = False,
    ssh_config: o.SSHConfig = None,
    jump: o.Jump = None,
    timeout: o.Timeout = 15.0,
) -> None:
    """Remove all mirrors; installs nothing."""
    from provisioner.cli import hosts
    from provisioner.cli.rollout import roll_out

    found = hosts.targets(
        target,
        hosts.spec(registry_mirrors=[], install=False),
        user=user,
        port=port,
        private_key=private_key,
        ask_pass=ask_pass,
        ask_become_pass=ask_become_pass,
        known_hosts=known_hosts,
        accept_new=accept_new,
        ssh_config=ssh_config,
        jump=jump,
        timeout=timeout,
    )
    roll_out(
        "mirror clear",
        found,
        forks=forks,
        yes=yes,
        allow_restart=allow_restart,
        as_json=as_json,
        verbose=verbose,
    )
