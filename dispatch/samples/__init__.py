"""A made-up working day of the province, in the proportions that its post has reported."""

from dispatch.samples.day import sample_day as sample_day
from dispatch.samples.day import write_day as write_day
