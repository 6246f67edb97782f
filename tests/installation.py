"""A whole Listkeeper in a folder of its own, driven from outside as a person would: by its commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class Installation:
    """Commands of the checkout over one data folder."""

    def __init__(self, folder: Path, **environment: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # The database server may run under a system user of its own.
        for parent in (folder, *folder.parents):
            if parent.stat().st_uid == os.getuid() and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)
        self.folder = folder
        self.environment = os.environ | {"LISTKEEPER_DATA_DIR": str(folder)} | environment

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; fail with its output when it fails, unless `check` is off."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if check:
            assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a process of the installation, in a session of its own."""
        log = (self.folder / f"{Path(command[0]).name}.log").open("ab")
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True)

    def ask(self, expression: str) -> Any:
        """Evaluate an expression inside the installation and return it, by way of JSON."""
        program = (
            "import json, django; django.setup()\n"
            "from papers.models import *\n"
            "from ingest.models import *\n"
            f"print(json.dumps({expression}, default=str))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=self.environment | {"DJANGO_SETTINGS_MODULE": "kbsite.settings"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
