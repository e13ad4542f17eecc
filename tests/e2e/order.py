"""In which order the files of these tests are handed out: the longest first, so that none is left alone at the end."""

from __future__ import annotations

from pathlib import Path

LONGEST_FIRST = (
    *("remove", "versions", "endless_starts", "engine_stays", "proof", "live_changes", "odd_configurations"),
    *("stopped_engines", "engines_found", "half_engines", "package_matrix", "package_locks", "disturbed_runs"),
    *("check", "take_over", "live_mirrors", "claims", "bare_machine", "lookalikes", "client_settings", "sweep"),
    *("mirror_ends", "interruptions", "told_engines", "from_nothing", "logins", "convenience_script", "start_policy"),
    *("fall_through", "systemd_reads", "static_engine", "no_init", "package_proxies", "docker_opts"),
)
"""Files that take a quarter of a minute or more, as measured on two cores; the others follow in any order."""
FILES = [f"test_{name}.py" for name in LONGEST_FIRST]


def longest_first(path: Path) -> int:
    """Sort key of a test file; those of other folders go first. A stable sort leaves a file's tests as they stand there."""
    if path.parent != Path(__file__).parent:
        return -1
    return FILES.index(path.name) if path.name in FILES else len(FILES)
