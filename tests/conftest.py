from __future__ import annotations

import os
import signal
from pathlib import Path

import hypothesis

# Tests send signals to what they start, which would inherit that nohup has this one ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Tests start the program hundreds of times: where Python may not keep what it compiles, each start compiles it anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

HERE = Path(__file__).parent

# How long one example takes says nothing on a machine that runs other tests at the same time.
hypothesis.settings.register_profile(
    "any-speed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any-speed")


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew; review them as a diff")
    parser.addoption("--matrix", action="store_true", help="what takes minutes as well, for make matrix")


PROCESSES = (
    "cli/test_commands.py", "facts/test_facts_script.py", "remote/", "runs/test_malicious_hosts.py", "scripts/",
    "test_front_door.py", "test_package.py", "test_recipes.py", "transports/", "e2e/", "cli/test_hostile_hosts.py",
    "cli/test_mirror_commands.py", "cli/test_terminal_width.py", "sources/", "host_files/test_docker_opts.py", "test_windows.py", "golden/",
    "runs/cluster/test_on_a_cluster.py",
)  # fmt: skip
"""Tests that start shells, servers or whole copies of the program: seconds each, so that make unit leaves them out."""


def pytest_collection_modifyitems(config, items):
    for item in items:
        if item.path.relative_to(HERE).as_posix().startswith(PROCESSES):
            item.add_marker("processes")
    if config.getoption("--matrix"):
        return
    long = [item for item in items if item.get_closest_marker("matrix")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]
