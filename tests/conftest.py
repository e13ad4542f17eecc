from __future__ import annotations

import signal

import hypothesis

# Tests send signals to what they start, which would inherit that nohup has this one ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# How long one example takes says nothing on a machine that runs other tests at the same time.
hypothesis.settings.register_profile(
    "any-speed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any-speed")


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew; review them as a diff")
    parser.addoption("--matrix", action="store_true", help="all combinations of packages, what make matrix runs")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--matrix"):
        return
    long = [item for item in items if item.get_closest_marker("matrix")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]
