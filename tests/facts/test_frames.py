from __future__ import annotations

import pytest

from provisioner.errors import FactsError
from provisioner.facts.engine import engine
from provisioner.facts.frames import Frame, frames


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("\n@@n begin a\nx\n@@n end a\n\n@@n done 0\n", (Frame("a", "x"),), id="no-final-newline"),
        pytest.param("\n@@n begin a\nx\n\n@@n end a\n\n@@n done 0", (Frame("a", "x\n"),), id="final-newline"),
        pytest.param("\n@@n begin a\n\n@@n end a\n\n@@n done 0\n", (Frame("a", ""),), id="empty"),
        pytest.param(
            "banner\n\n@@n begin a\n@@m end a\n@@n end a\nx\n@@n done 0\n",
            (Frame("a", "@@m end a"),),
            id="foreign-marker",
        ),
    ],
)
def test_frames_hold_exactly_what_stood_between_the_markers(text, expected):
    assert frames(text, "n") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "incomplete", id="nothing"),
        pytest.param("\n@@n begin a\nx", "inside its frame 'a'", id="cut-off"),
        pytest.param("\n@@n begin a\nx\n@@n end a\n", "incomplete after 'a'", id="no-done"),
        pytest.param("\n@@n begin a\nx\n@@n begin b\n", "'a' does not end", id="nested"),
    ],
)
def test_an_incomplete_answer_names_its_frame(text, message):
    with pytest.raises(FactsError, match=message):
        frames(text, "n")


@pytest.mark.parametrize("status", ["124", "137"])
def test_an_engine_that_hangs_is_said_to_hang(status):
    frames_of = {"docker-info": "", "docker-info-status": status, "dockerd": "/usr/bin/dockerd", "pid": "7"}
    assert engine(frames_of, "/etc/docker/daemon.json").error == "docker info does not answer: no word within 20 s"
