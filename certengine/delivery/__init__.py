"""The candidate's attempt: start, answers, clock, hand-in."""
