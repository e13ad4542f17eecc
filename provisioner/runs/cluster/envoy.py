"""The one function that Dask is given. It travels as code, because the scheduler has to read it, and neither that nor
a worker that is not ours yet has this package.
"""

from __future__ import annotations

from typing import Any


def call(name: str, *arguments: Any) -> Any:
    """Do `name` of provisioner.runs.cluster.worker there. Nothing is raised: Dask would write down the arguments.

    A tuple ("broken", kind, what) tells of what went wrong.
    """
    try:
        from provisioner.runs.cluster import worker

        return getattr(worker, name)(*arguments)
    except ImportError as error:
        return ("broken", "ImportError", str(error))
    except BaseException as error:  # noqa: BLE001 # as said above
        return ("broken", type(error).__name__, "")


async def answer(name: str, *arguments: Any) -> Any:
    """The same for what is asked beside all tasks: a worker's heart goes on beating while this package is loaded."""
    import asyncio

    return await asyncio.get_running_loop().run_in_executor(None, call, name, *arguments)
