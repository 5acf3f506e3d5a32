"""Turn a day's jobs into routes, and judge any plan: the core that knows nothing of offices."""
