"""Papers: a different one for each candidate, equally hard, and such that anyone can recompute them afterwards."""
