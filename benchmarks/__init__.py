"""Measurements with a protocol: what is run, on what, and what came out."""
