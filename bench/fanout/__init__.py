"""Fan-out: one project, N followers, one small selection, beside others in the same run."""
