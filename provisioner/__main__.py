"""The command line's entry point."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the exit codes are listed in `provisioner.errors`."""
    from provisioner.cli.app import run

    run()


if __name__ == "__main__":
    main()
