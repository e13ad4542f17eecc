"""provisioner mirror list"""

from __future__ import annotations

from provisioner.cli import options as o


def list_(*, as_json: o.AsJson = False) -> None:
    """Show the public mirrors that are known, and what became of them."""
    from provisioner.catalogue.registry_mirrors import known_mirrors
    from provisioner.report import gate
    from provisioner.report.catalogue import mirrors_document, mirrors_text
    from provisioner.report.terminal import terminal_width

    if as_json:
        gate.document(mirrors_document(known_mirrors()))
    else:
        gate.result(mirrors_text(known_mirrors(), width=terminal_width()))
