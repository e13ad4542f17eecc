"""README's support table says what the rows say; run this file to print the table."""

from __future__ import annotations

from pathlib import Path

from provisioner.catalogue.platforms import derivatives, platforms


def table():
    """One line a distribution: a tested release is bold, one that builds have ended for names its last engine."""
    releases, own = {}, {}
    for row in platforms():
        name = row.name.removesuffix(row.release).strip()
        release = row.release if row.codenames == () else f"testing ({row.codenames[0]})"
        release = "all" if release == "*" else release
        bold = f"**{release}**" if row.tier == "tested" else release
        last = f" (to {row.last_engine})" if row.last_engine else f" (until {row.ended})" if row.ended else ""
        releases.setdefault(name, []).append(bold + last + ("" if row.suites else " (own)"))
        own.setdefault(name, {}).update(dict.fromkeys(row.distro_packages[:1]))
    lines = ["| distribution | releases | its own engine |", "|---|---|---|"]
    lines += [f"| {name} | {', '.join(numbers)} | {', '.join(own[name])} |" for name, numbers in releases.items()]
    follow = ", ".join(row.name for row in derivatives().values())
    return "\n".join([*lines, f"| {follow} | those of the Ubuntu or Debian release they name | docker.io |"])


def test_the_support_table_is_the_one_of_the_rows():
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    assert table() in readme


if __name__ == "__main__":
    print(table())
