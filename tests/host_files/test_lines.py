from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from provisioner.host_files.lines import lines, lines_with_ends

TEXTS = st.text(st.sampled_from("ab \n\r\x0b\x0c\x1c\x85\u2028"))


@given(TEXTS)
def test_nothing_is_lost(text):
    assert "".join(lines_with_ends(text)) == text
    assert [line.removesuffix("\n") for line in lines_with_ends(text)] == lines(text)
    assert len(lines(text)) == text.count("\n") + (text[-1:] not in {"", "\n"})
