"""Thin doors: command line, HTTP and screens."""
