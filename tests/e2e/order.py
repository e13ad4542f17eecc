"""In which order the files of these tests are handed out: the longest first, so that none is left alone at the end."""

from __future__ import annotations

from pathlib import Path

LONGEST_FIRST = (
    *(
        "becoming_root",
        "versions",
        "remove",
        "endless_starts",
        "check",
        "engine_stays",
        "engines_found",
        "live_changes",
    ),
    *("odd_configurations", "journal", "kept_plans"),
    *("stopped_engines", "package_matrix", "disturbed_runs", "half_engines", "package_locks", "proof", "take_over"),
    *("sweep", "lookalikes", "bare_machine", "live_mirrors", "told_engines", "interruptions"),
    *("convenience_script", "from_nothing", "logins", "start_policy", "fall_through", "claims", "static_engine"),
    *(
        "no_init",
        "mirror_ends",
        "package_proxies",
        "client_settings",
        "images",
        "dask",
        "schedulers",
        "docker_opts",
        "registry_files",
    ),
)
"""Files that take a quarter of a minute or more, as measured on two cores; the others follow in any order."""
FILES = [f"test_{name}.py" for name in LONGEST_FIRST]


def longest_first(path: Path) -> int:
    """Sort key of a test file; those of other folders go first. A stable sort leaves a file's tests as they stand there."""
    if path.parent != Path(__file__).parent:
        return -1
    return FILES.index(path.name) if path.name in FILES else len(FILES)
