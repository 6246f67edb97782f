"""What settings.py needs to know of the embedded database; imports nothing heavy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from kbsite.embedded.place import PORT, Place

DATABASE = "listkeeper"
SUPERUSER = "postgres"


def database_settings(data_dir: Path) -> dict[str, Any]:
    """Return Django's settings for the embedded database of this data folder."""
    return {
        "ENGINE": "kbsite.embedded",
        "NAME": DATABASE,
        "USER": SUPERUSER,
        "HOST": str(Place(data_dir).socket_dir),
        "PORT": str(PORT),
        "OPTIONS": {},
        "CONN_MAX_AGE": 60,
        "DATA_DIR": data_dir,
        # Two test runs in one checkout must not take each other's database.
        "TEST": {"NAME": f"test_{DATABASE}_{os.getpid()}"},
    }
