"""The programme around the exam: advanced seminars and continuing-education bases."""
