"""Static files: under which names they are kept, and when they are collected into the data folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.management import call_command

MARK = "collected-from"


class HashedFiles(ManifestStaticFilesStorage):
    """Names that hold the hash of what is in the file, so that browsers keep it for good (WhiteNoise tells them).

    Modules that our scripts import get them, too: by its plain name a browser may take an old one beside a new one.
    Scripts of others are left alone: an import is found by a regular expression, which minified code deceives.
    """

    patterns = (
        *ManifestStaticFilesStorage.patterns,
        (
            "kbsite/*.js",
            ((r"""(?m)(?P<matched>^(?P<names>import\b[^"']*)"(?P<url>\./[^"]+)")""", '%(names)s"%(url)s"'),),
        ),
    )


def collect() -> bool:
    """Collect the static files; say whether there was anything to do."""
    mark = Path(settings.STATIC_ROOT) / MARK
    now = _fingerprint()
    if mark.exists() and mark.read_text() == now:
        return False
    mark.unlink(missing_ok=True)
    # From scratch: left to itself, it keeps a copy whose source has since been replaced by an older file.
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(now)
    return True


def _fingerprint() -> str:
    """Return a digest of every file's path, size and time, and of how they are stored."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=lambda found: found[0]):
            path = Path(storage.path(name))
            told = path.stat()
            digest.update(f"{path} {told.st_size} {told.st_mtime_ns}\n".encode())
    return digest.hexdigest()
