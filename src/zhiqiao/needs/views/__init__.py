"""HTTP on one side, one call of an action or query on the other."""
