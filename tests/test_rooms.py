"""Three rooms, imports one way, and a light start."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_imports_go_from_kbsite_to_ingest_to_papers():
    linter = Path(sys.executable).parent / "lint-imports"
    result = run(str(linter), "--no-cache")
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_site_starts_without_torch_or_scikit_learn():
    program = (
        "import json, sys, kbsite.wsgi, kbsite.urls, ingest.tasks;"
        "print(json.dumps([m for m in ('torch', 'sentence_transformers', 'transformers', 'sklearn') if m in sys.modules]))"
    )
    result = run(sys.executable, "-c", program)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == []


def test_the_database_supervisor_starts_without_django():
    program = (
        "import json, sys, kbsite.embedded.supervisor;"
        "print(json.dumps([m for m in ('django', 'celery', 'psycopg') if m in sys.modules]))"
    )
    result = run(sys.executable, "-c", program)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == []
