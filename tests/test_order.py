from __future__ import annotations

from pathlib import Path

from tests.e2e.order import FILES, longest_first

E2E = Path(__file__).parent / "e2e"


def test_files_that_take_long_are_there_and_named_once():
    assert [name for name in FILES if not (E2E / name).exists()] == []
    assert len(set(FILES)) == len(FILES)


def test_the_longest_go_first_and_tests_of_other_folders_before_them():
    paths = [E2E / "test_refusals.py", E2E / "test_access.py", E2E / FILES[1], E2E / FILES[0], E2E.parent / FILES[1]]
    assert sorted(paths, key=longest_first) == [paths[4], paths[3], paths[2], *paths[:2]]
