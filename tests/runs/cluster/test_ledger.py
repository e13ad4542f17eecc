from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.runs.cluster.ledger import Ledger


def ledger(number, forks, *workers):
    made = Ledger(number, forks)
    for worker in workers:
        made.joined(worker)
    return made


def handed_out(made, *, more=True):
    found = []
    while handed := made.next(more=more):
        found.append(handed)
    return found


def test_no_more_than_forks_are_in_progress_and_the_least_busy_worker_is_next():
    made = ledger(400, 50, "a", "b")
    chunks = handed_out(made)
    assert [len(chunk.left) for chunk in chunks] == [6] * 8
    assert [chunk.worker for chunk in chunks] == ["a", "b"] * 4
    assert made.in_progress == 48
    for number in list(chunks[1].left):
        made.settle(number)
    assert made.next(more=True).worker == "b"


def test_a_fork_is_one_host():
    made = ledger(3, 1, "a", "b")
    assert [chunk.left for chunk in handed_out(made)] == [[0]]
    made.settle(0)
    assert [chunk.left for chunk in handed_out(made)] == [[1]]


def test_without_a_worker_nobody_gets_a_host():
    assert handed_out(ledger(3, 10)) == []


def test_hosts_of_a_lost_worker_without_an_outcome_are_asked_again_elsewhere_and_first():
    made = ledger(100, 8, "a", "b")
    first, second, *_ = handed_out(made)
    made.settle(first.left[0]) if len(first.left) > 1 else None
    lost = {number for chunk in made.left("a") for number in chunk.left}
    assert lost
    again = handed_out(made)
    assert {chunk.worker for chunk in again} == {"b"}
    assert {number for chunk in again for number in chunk.left} >= lost
    assert {made.asked(number) for number in lost} == {2}
    assert made.asked(second.left[0]) == 1


def test_a_brake_holds_those_that_have_not_begun_and_asks_those_that_have():
    made = ledger(100, 8, "a", "b")
    handed_out(made)
    begun = made.begun
    made.left("a")
    assert made.waiting
    again = handed_out(made, more=False)
    assert {number for chunk in again for number in chunk.left} <= begun
    assert made.begun == begun
    assert not made.waiting


def test_one_outcome_for_a_host_whichever_chunk_tells_it():
    made = ledger(2, 2, "a", "b")
    late, _ = handed_out(made)
    (number,) = late.left
    made.left("a")
    (again,) = handed_out(made)
    assert again.left == [number]
    assert made.settle(number)
    assert not made.settle(number)
    assert again.left == []
    assert made.in_progress == 1


def test_an_outcome_that_was_on_its_way_spares_asking_again():
    made = ledger(1, 1, "a", "b")
    handed_out(made)
    made.left("a")
    made.settle(0)
    assert handed_out(made) == []
    assert made.unsettled == []


@settings(max_examples=50)
@given(st.data())
def test_whatever_happens_every_host_is_settled_once_and_forks_hold(data):
    number, forks = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
    made = ledger(number, forks, "a")
    settled = []
    for _ in range(100):
        if not made.unsettled:
            break
        handed_out(made)
        assert made.in_progress <= forks
        chunks = sorted(made.handed)
        what = data.draw(st.sampled_from(["outcome", "outcome", "lose", "join", "end"]))
        if what == "join" or not made.workers:
            made.joined(data.draw(st.sampled_from("abc")))
        elif what == "lose":
            made.left(data.draw(st.sampled_from(made.workers)))
        elif chunks:
            chunk = data.draw(st.sampled_from(chunks))
            if what == "end":
                made.take_back(chunk)
            elif made.handed[chunk].left:
                host = made.handed[chunk].left[0]
                assert made.settle(host)
                settled.append(host)
    assert len(settled) == len(set(settled))
    assert sorted([*settled, *made.unsettled]) == list(range(number))
