"""Exam plans, registrations, sittings, exam rooms, seats, admission tickets."""
