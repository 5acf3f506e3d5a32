"""Files of problems and plans: every reader takes text, never a path."""

from solver.formats.instance import Instance
from solver.formats.own import read_plan, write_plan, write_problem
from solver.formats.reading import Format, read_problem, sniff
from solver.formats.solutions import Solution
from solver.formats.solutions import read as read_solution
from solver.formats.solutions import write as write_solution
from solver.formats.vroom_answer import write as write_vroom

__all__ = [
    "Format",
    "Instance",
    "Solution",
    "read_plan",
    "read_problem",
    "read_solution",
    "sniff",
    "write_plan",
    "write_problem",
    "write_solution",
    "write_vroom",
]
