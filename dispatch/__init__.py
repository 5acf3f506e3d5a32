"""The office's day: orders in, plans and sheets out."""
