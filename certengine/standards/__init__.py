"""Fields, levels, directions, outline with weights, hours, eligibility and paper layouts, as data with sources."""
