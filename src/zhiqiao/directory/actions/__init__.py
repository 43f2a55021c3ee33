"""The write verbs of the libraries: save, merge, declare, go on leave, decide on ranking."""

from zhiqiao.directory.actions.library import (
    Belongings,
    Proof,
    add_enterprise,
    add_experts,
    change_enterprise,
    record_service,
    replace_evidence,
    save_expert,
    save_output,
    set_availability,
)

__all__ = [
    "Belongings",
    "Proof",
    "add_enterprise",
    "add_experts",
    "change_enterprise",
    "record_service",
    "replace_evidence",
    "save_expert",
    "save_output",
    "set_availability",
]
