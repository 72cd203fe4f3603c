"""Misconduct: recorded by two, told to the candidate, decided by somebody else, with consequences."""
