"""Comes with files that Python, pytest or the grader might load (see `COMPANIONS` of the table)."""

print("10 points")
