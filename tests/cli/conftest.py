from __future__ import annotations

import sys

import pytest

from provisioner.cli import app as cli


@pytest.fixture
def said(capsys, monkeypatch):
    """Run the program in this process with these words; returns exit code, stdout and stderr."""

    def said(*words):
        monkeypatch.setattr(sys, "argv", ["provisioner", *words])
        with pytest.raises(SystemExit) as ended:
            cli.run()
        heard = capsys.readouterr()
        return ended.value.code, heard.out, heard.err

    return said
