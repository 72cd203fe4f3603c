"""Item response and test statistics: arrays in, arrays out; no tables, no clock, no randomness."""
