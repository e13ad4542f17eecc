"""Many hosts at once; one host's failure stays its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(
    items: Sequence[Item],
    work: Callable[[Item], Result],
    *,
    forks: int,
    done: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Return `work(item)` for every item, in the order of `items`, at most `forks` at a time.

    `done` hears of each result as it comes, from the calling thread. `work` turns a host's failures into its
    result; an exception from it is a bug and is raised here.
    """
    if len(items) == 1:
        results = [work(items[0])]
        done(results[0])
        return results
    with ThreadPoolExecutor(max_workers=max(1, min(forks, len(items)))) as pool:
        futures = {pool.submit(work, item): index for index, item in enumerate(items)}
        finished: dict[int, Result] = {}
        for future in as_completed(futures):
            finished[futures[future]] = future.result()
            done(finished[futures[future]])
    return [finished[index] for index in sorted(finished)]


def worst(codes: Iterable[int]) -> int:
    """The exit code for several hosts: the highest of theirs, 0 when all went well."""
    return max(codes, default=0)
