"""The use cases of the office's day, over a store: what HTTP, screens and scripts call."""

from dispatch.office.desk import Means as Means
from dispatch.office.dispatch import Dispatch as Dispatch
from dispatch.office.orders import ImportReport as ImportReport
from dispatch.office.orders import TableReport as TableReport
from dispatch.office.plans import Wish as Wish
from dispatch.office.replans import Replanned as Replanned
