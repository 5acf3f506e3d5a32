"""All use cases of the office in one object."""

from __future__ import annotations

from dispatch.office.days import DayDesk
from dispatch.office.edits import EditDesk
from dispatch.office.live import LiveDesk
from dispatch.office.looking import LookDesk
from dispatch.office.orders import OrderDesk
from dispatch.office.phones import PhoneDesk
from dispatch.office.plans import PlanDesk


class Dispatch(OrderDesk, LookDesk, PlanDesk, EditDesk, PhoneDesk, DayDesk, LiveDesk):
    """
    What HTTP, screens, the command line and the simulator call.

    Each method opens one unit of work, calls pure functions, stores, and returns; `by` is who is
    behind it, and stands in the audit trail.
    """
