"""The web face's mechanisms: one list, one form guard, one access table, one design. See README.md."""
