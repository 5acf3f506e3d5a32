"""Turn a day's jobs into routes, and judge any plan: the core that knows nothing of offices."""

from solver.checker import check as check
from solver.engine import Budget as Budget
from solver.engine import Engine as Engine
from solver.pipeline import engines as engines
from solver.pipeline import solve as solve
from solver.schedule import schedule as schedule
