"""What a plan is: its steps, their file diffs, their results and the checks afterwards."""

from __future__ import annotations
