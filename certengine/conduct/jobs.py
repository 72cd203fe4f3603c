"""Loaded by whatever does jobs, so that the analysis of a sitting finds who takes its findings."""

from certengine.conduct import suspicions

__all__ = ["suspicions"]
