"""Ruin and recreate: the search kernel for days of any size."""
