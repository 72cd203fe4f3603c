"""Marks, results, grade certificates for those who pass both parts."""
