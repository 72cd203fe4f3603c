"""certengine demo: an institution with an exam that is over, one that runs now, classes, courses, a base and a seminar."""

from certengine.demo.cast import PASSWORD
from certengine.demo.filling import command, fill

__all__ = ["PASSWORD", "command", "fill"]
