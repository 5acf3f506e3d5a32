"""What came in on past days, out of the office's store: what a demand is fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from dispatch.model import Order
from dispatch.repository import Store
from dispatch.workdays import Calendar


def past_days(store: Store, calendar: Calendar, *, before: date) -> Mapping[date, list[Order]]:
    """
    Return the located orders of each past working day, each once, on the day when it was new.

    An order that was carried over stands on its last day in the store; it was new on the working
    day after its acceptance. One without acceptance counts on the day on which it stands.

    Parameters
    ----------
    before
        The first day that is not over yet.
    """
    found: dict[date, list[Order]] = {}
    with store.reading() as unit:
        after = ""
        while True:
            page = unit.days.page(after=after)
            for day in page.items:
                for stored in unit.orders.of_day(day.date):
                    order = stored.order
                    if order.address.point is None or not order.address.district:
                        continue
                    on = day.date
                    if order.accepted is not None:
                        on = min(calendar.after(order.accepted, 1), day.date)
                    if on < before and calendar.works(on):
                        found.setdefault(on, []).append(order)
            after = page.after
            if not after:
                break
    return dict(sorted(found.items()))
