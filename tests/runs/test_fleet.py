from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from provisioner.errors import ApplyError, BugError, CancelledError, ConnectError, SkippedError, UsageError
from provisioner.runs.brakes import Brake, Brakes, Share
from provisioner.runs.fleet import each, roll, worst
from provisioner.runs.outcome import Outcome


def instead(item, error):
    if isinstance(error, CancelledError):
        return Outcome(item, "cancelled", error=error)
    if isinstance(error, SkippedError):
        return Outcome(item, "skipped", error=error)
    return Outcome(item, "failed", error=BugError(str(error)))


def fine(name):
    return Outcome(name, "changed")


def failing(*bad):
    return lambda name: Outcome(name, "failed", error=ApplyError("no")) if name in bad else fine(name)


def hosts(number):
    return [f"web{index:03}" for index in range(number)]


def rolled(items, work, brakes=None, **options):
    brakes = brakes or Brakes()
    limit = brakes.max_failures.of(len(items)) if brakes.max_failures else None
    options = {"forks": 4, "brake": Brake(limit), "instead": instead} | options
    return roll(items, work, brakes=brakes, **options)


def statuses(outcomes):
    return [outcome.status for outcome in outcomes]


def test_results_come_in_the_order_of_the_hosts():
    def work(name):
        time.sleep(0.02 if name.endswith("0") else 0)
        return fine(name)

    heard = []
    results = each(hosts(30), work, forks=7, instead=instead, done=heard.append)
    assert [result.host for result in results] == hosts(30)
    assert sorted(result.host for result in heard) == hosts(30)


def test_no_more_than_forks_are_in_flight():
    now, most, lock = 0, 0, threading.Lock()

    def work(name):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.005)
        with lock:
            now -= 1
        return fine(name)

    each(hosts(40), work, forks=5, instead=instead)
    assert most == 5


@pytest.mark.parametrize("number", [0, 1])
def test_few_hosts(number):
    assert len(each(hosts(number), fine, forks=50, instead=instead)) == number


def test_done_is_called_from_the_calling_thread():
    threads = set()
    each(hosts(5), fine, forks=3, instead=instead, done=lambda _: threads.add(threading.current_thread()))
    assert threads == {threading.current_thread()}


def test_a_bug_on_one_host_hides_no_other_result():
    def work(name):
        return fine(name) if name != "web001" else 1 / 0

    results = each(hosts(4), work, forks=1, instead=instead)
    assert statuses(results) == ["changed", "failed", "changed", "changed"]
    assert results[1].exit_code == 70


def test_without_a_stand_in_a_bug_is_raised_here():
    with pytest.raises(ZeroDivisionError):
        each(hosts(3), lambda name: 1 / 0, forks=2)


def test_a_canary_that_fails_stops_everything():
    begun = []

    def work(name):
        begun.append(name)
        return failing("web000")(name)

    results = rolled(hosts(6), work, Brakes(canary=2))
    assert sorted(begun) == ["web000", "web001"]
    assert statuses(results) == ["failed", "changed", *["skipped"] * 4]
    assert "the canary web000 failed" in results[5].error.message


def test_the_others_wait_for_the_canary():
    times = {}

    def work(name):
        time.sleep(0.05 if name == "web000" else 0)
        times[name] = time.monotonic()
        return fine(name)

    assert statuses(rolled(hosts(5), work, Brakes(canary=1))) == ["changed"] * 5
    assert min(times, key=times.get) == "web000"


def test_batches_come_one_after_the_other():
    running, seen = set(), []

    def work(name):
        running.add(name)
        time.sleep(0.02)
        seen.append({int(other[3:]) for other in running})
        running.discard(name)
        return fine(name)

    rolled(hosts(7), work, Brakes(canary=1, batch=Share(3)), forks=10)
    for together in seen:
        assert any(together <= wave for wave in ({0}, {1, 2, 3}, {4, 5, 6}))


def test_a_failure_in_a_batch_does_not_stop_the_next():
    results = rolled(hosts(6), failing("web000", "web001"), Brakes(batch=Share(2)))
    assert statuses(results) == ["failed", "failed", "changed", "changed", "changed", "changed"]


def test_max_failures_begins_no_more_and_lets_running_hosts_end():
    together, slow = threading.Barrier(4), threading.Event()

    def work(name):
        if name < "web004":
            together.wait(5)
        if name > "web001":
            slow.wait(5)
            return fine(name)
        threading.Timer(0.2, slow.set).start()
        return failing("web000", "web001")(name)

    results = rolled(hosts(20), work, Brakes(max_failures=Share(2)), forks=4)
    # The worker of the first that failed may take one more host before the second fails.
    assert statuses(results)[:4] == ["failed", "failed", "changed", "changed"]
    assert set(statuses(results)[5:]) == {"skipped"}
    assert "2 failed (--max-failures)" in results[-1].error.message


def test_max_failures_is_exact_with_one_worker():
    results = rolled(hosts(9), failing(*hosts(9)), Brakes(max_failures=Share(3)), forks=1)
    assert statuses(results) == ["failed"] * 3 + ["skipped"] * 6


def test_bugs_count_as_failures():
    results = rolled(hosts(5), lambda name: 1 / 0, Brakes(max_failures=Share(1)), forks=1)
    assert statuses(results) == ["failed", *["skipped"] * 4]


@pytest.mark.parametrize(
    ("text", "total", "expected"),
    [("10", 3, 10), ("10%", 5, 1), ("10%", 100, 10), ("7%", 100, 7), ("33%", 10, 4), ("100%", 9, 9), ("1%", 1000, 10)],
)
def test_shares(text, total, expected):
    assert Share.parse(text, "--batch").of(total) == expected


@pytest.mark.parametrize("text", ["0", "0%", "101%", "-1", "x", "", "%", "1.5", "٣"])
def test_what_is_no_share(text):
    with pytest.raises(UsageError, match="--batch"):
        Share.parse(text, "--batch")


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 3], 3),
        ([8, 6], 6),
        ([6, 7], 6),
        ([9, 3], 3),
        ([6, 70], 70),
        ([70, 130], 130),
        ([0, 99], 99),
    ],
)
def test_the_worst(codes, expected):
    assert worst(codes) == expected


def interrupt(after=0.0):
    threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT)).start()


def test_ctrl_c_lets_running_hosts_end_and_begins_no_more():
    before = signal.getsignal(signal.SIGINT)
    waiting, together = [], threading.Barrier(2)

    def work(name):
        together.wait(5)
        if name == "web000":
            interrupt()
        time.sleep(0.4)
        return fine(name)

    results = rolled(hosts(8), work, forks=2, waiting=waiting.append)
    assert statuses(results) == ["changed", "changed", *["cancelled"] * 6]
    assert waiting == [2]
    assert worst(result.exit_code for result in results) == 130
    assert signal.getsignal(signal.SIGINT) is before


def test_hosts_that_do_not_end_are_cancelled():
    ever = threading.Event()

    def work(name):
        if name == "web001":
            interrupt()
            ever.wait(20)
        return fine(name)

    began = time.monotonic()
    results = rolled(hosts(2), work, forks=2, grace=0.3)
    ever.set()
    assert time.monotonic() - began < 5
    assert statuses(results) == ["changed", "cancelled"]
    assert "runs to its end by itself" in results[1].error.message


def test_a_second_ctrl_c_ends_at_once():
    ever = threading.Event()

    def work(name):
        interrupt()
        interrupt(0.3)
        ever.wait(20)
        return fine(name)

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        each(hosts(1), work, forks=1, instead=instead)
    ever.set()
    assert time.monotonic() - began < 5


def test_an_outcome_keeps_no_frames_alive():
    def deep():
        ballast = bytearray(1000)
        try:
            len(ballast) / 0
        except ZeroDivisionError as cause:
            raise ConnectError("no") from cause

    with pytest.raises(ConnectError) as caught:
        deep()
    light = Outcome("web", "unreachable", error=caught.value).finished()
    assert light.error.__traceback__ is None
    assert light.error.__cause__.__traceback__ is None
