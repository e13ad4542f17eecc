"""Is a worker the same program as this one? What has to be the same is compared before any code travels to it."""

from __future__ import annotations

from typing import Any

from provisioner.runs.cluster import envoy
from provisioner.runs.cluster.build import Build
from provisioner.runs.cluster.seal import Envelope, Seal


async def greeted(client: Any, worker: str, token: str, seal: Seal, build: Build) -> Envelope | str:
    """Return what closes and opens letters to that worker, or why it may not get any."""
    why = await _unlike(client, worker)
    if why:
        return why
    answer = await called(client, worker, "greet", token, seal.public)
    if isinstance(answer, tuple) and isinstance(answer[0], Build):
        if answer[0] == build:
            return seal.with_peer(answer[1])
        return f"it has {answer[0]}, and this machine has {build}"
    if isinstance(answer, tuple) and answer[1] == "ImportError":
        return f"it has no {build} ({answer[2]})"
    return f"it does not answer as {build} does ({answer[1] if isinstance(answer, tuple) else words(answer)})"


async def called(client: Any, worker: str, name: str, *arguments: Any) -> Any:
    """Return what `name` of provisioner.runs.cluster.worker returns there, at once and beside all tasks."""
    answers = await client.run(envoy.ANSWER, name, *arguments, workers=[worker], on_error="return")
    return answers.get(worker)


async def _unlike(client: Any, worker: str) -> str:
    """What keeps code from travelling: pickles and byte code differ between versions."""
    from distributed.versions import get_versions

    answers = await client.scheduler.broadcast(msg={"op": "versions", "packages": []}, workers=[worker])
    theirs = {"it": answers[worker], "the scheduler": await client.scheduler.versions(packages=[])}
    ours = _of_dask(get_versions())
    for who, versions in theirs.items():
        if (its := _of_dask(versions)) != ours:
            return f"{who} has {its}, and this machine has {ours}"
    return ""


def _of_dask(versions: Any) -> str:
    packages = versions["packages"]
    python = ".".join(str(packages["python"]).split(".")[:2])
    return f"Python {python}, distributed {packages['distributed']}, cloudpickle {packages['cloudpickle']}"


def words(error: Any) -> str:
    """What an exception of Dask says, on one line; jobs are never part of it."""
    return " ".join(str(error).split()) or type(error).__name__
