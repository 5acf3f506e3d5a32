"""The service's own description (OpenAPI), without a service: `python -m api.describe > FILE`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from api.app import create_app
from api.settings import Settings


def description() -> str:
    """Return the description as JSON, the same at each call."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database=f"sqlite:///{Path(folder) / 'none.sqlite'}",
            secret_file=str(Path(folder) / "none.secret"),
            workers=0,
        )
        app = create_app(settings)
        try:
            return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        finally:
            app.state.parts.runs.close()
            app.state.parts.pool.close()
            app.state.parts.office.store.close()


if __name__ == "__main__":
    sys.stdout.write(description())
