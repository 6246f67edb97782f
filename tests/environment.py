"""Loaded by pytest before anything else (`-p tests.environment`): a data folder of its own for every test run.

Settings are read once and early, so the environment must be right before Django is imported. Workers of
pytest-xdist inherit the folder of the process that started them, and so share one database server.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from kbsite.env import SETTINGS as KNOWN

SETTINGS = [setting.name for setting in KNOWN]

if "LISTKEEPER_TEST_DATA_DIR" not in os.environ:
    folder = tempfile.mkdtemp(prefix="listkeeper-test-")
    # The database server runs under a system user of its own when the tests run as root: let it pass.
    os.chmod(folder, 0o711)
    os.mkdir(os.path.join(folder, "static"))  # the site warns when nothing was ever collected
    os.environ["LISTKEEPER_TEST_DATA_DIR"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

# Whatever the caller has set for an installation of their own is not for the tests.
for name in SETTINGS:
    os.environ.pop(name, None)
os.environ["LISTKEEPER_DATA_DIR"] = os.environ["LISTKEEPER_TEST_DATA_DIR"]
# No test may leave this machine: every source is a server of the tests, or nobody.
for name in (
    "ARXIV_API_URL",
    "ARXIV_OAI_URL",
    "ARXIV_FEED_URL",
    "HF_ENDPOINT",
    "S2_API_URL",
    "GITHUB_API_URL",
):
    os.environ[name] = "http://127.0.0.1:9"
os.environ["ARXIV_DELAY_SECONDS"] = "0.05"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["PYTHONFAULTHANDLER"] = "1"
