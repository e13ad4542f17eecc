from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import FactsError
from provisioner.images.marked import Marked

MARK = "0123456789abcdef"
ID = "sha256:" + "5" * 64
TABLE = Marked(r"table {{.Repository}}\t{{.Tag}}")

CASES = [
    ("lines", Marked("{{.Repository}}"), f"{MARK}{'5' * 12}+ redis\n", "", [(ID, False, "redis\n")]),
    ("two lines an image", Marked("x"), f"{MARK}{'5' * 12}- a\nb\n", "", [(ID, True, "a\nb\n")]),
    ("nothing", Marked("x"), "", "", []),
    (
        "a table",
        TABLE,
        f"{MARK}IMAGE ID+{' ' * 7}REPOSITORY   TAG\n{MARK}{'5' * 12}+   redis        3.2\n",
        "REPOSITORY   TAG\n",
        [(ID, False, "redis        3.2\n")],
    ),
    ("a table of nothing", TABLE, f"{MARK}IMAGE ID+   REPOSITORY   TAG\n", "REPOSITORY   TAG\n", []),
    (
        "ids in full",
        TABLE,
        f"{MARK}IMAGE ID+{' ' * 66}REPOSITORY\n{MARK}{ID}-   <none>\n",
        "REPOSITORY\n",
        [(ID, True, "<none>\n")],
    ),
]


@pytest.mark.parametrize(
    ("marked", "text", "head", "pieces"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_each_line_is_told_whose_it_is(marked, text, head, pieces):
    assert marked.apart(text, MARK, [ID]) == (head, pieces)


@given(st.text(alphabet="0123456789abcdef+- \nIMAGED", max_size=80))
def test_what_comes_from_no_such_template_is_an_error_that_says_so(text):
    for marked in (TABLE, Marked("x")):
        try:
            head, pieces = marked.apart(text, MARK, [ID])
        except FactsError:
            continue
        assert (head, pieces) == ("", [])
