"""What Dask is given to do. It travels as code, because the scheduler has to read it, and neither that nor a worker
that is not ours yet has this package.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from types import FunctionType
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


def as_code() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return `call` and `answer` as functions of no module, which a pickle has to hold whole."""
    space: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    for name, function in (("call", call), ("answer", answer)):
        space[name] = FunctionType(function.__code__, space, name)
    return space["call"], space["answer"]


CALL, ANSWER = as_code()
