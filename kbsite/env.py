"""The one reader of the environment: every setting a user may give, typed, with a default that runs.

`SETTINGS` is the table in the README; a test keeps the two equal.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environ

BASE_DIR = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its name, how it is read, its default and what it is for."""

    name: str
    kind: str  # "str", "bool", "int", "float", "list" or "path"
    default: Any
    meaning: str


SETTINGS = (
    Setting("LISTKEEPER_DATA_DIR", "path", BASE_DIR / "data", "Folder for database, broker, logs, secrets and encoder"),
    Setting("DATABASE_URL", "str", "", "A PostgreSQL server with pgvector, instead of the embedded one"),
    Setting("CELERY_BROKER_URL", "str", "", "`redis://…` for many machines; empty: files in the data folder"),
    Setting("ARXIV_API_URL", "str", "https://export.arxiv.org/api/query", "arXiv search API"),
    Setting("ARXIV_OAI_URL", "str", "https://oaipmh.arxiv.org/oai", "arXiv OAI-PMH"),
    Setting("ARXIV_FEED_URL", "str", "https://rss.arxiv.org", "arXiv daily feeds"),
    Setting("HF_ENDPOINT", "str", "https://huggingface.co", "Hugging Face Papers"),
    Setting("S2_API_URL", "str", "https://api.semanticscholar.org", "Semantic Scholar"),
    Setting("S2_API_KEY", "str", "", "Semantic Scholar is asked for venues and citations with this key only"),
    Setting("GITHUB_API_URL", "str", "https://api.github.com", "GitHub API"),
    Setting("GITHUB_TOKEN", "str", "", "Lets `publish --pr` push and open pull requests; keep it to yourself"),
    Setting("ARXIV_DELAY_SECONDS", "float", 3.0, "Pause between two requests to arXiv, for all processes together"),
    Setting(
        "ALLOW_PRIVATE_FETCHES",
        "bool",
        False,
        "Addresses that curators type may lead into your own network, and to any port",
    ),
    Setting("CONTACT", "str", "", "Mail address or URL that sources can reach you at, sent as User-Agent"),
    Setting("ENCODER", "str", "all-MiniLM-L6-v2", "sentence-transformers model: a name or a folder"),
    Setting("ENCODER_DEVICE", "str", "auto", "`auto`, `cpu`, `cuda` or `mps`"),
    Setting("ENCODER_PRECISION", "str", "auto", "`auto`, `float32` or, on a CPU, `int8`"),
    Setting("EMAIL_URL", "str", "consolemail://", "Where mails go, as `smtp://user:password@host:port`"),
    Setting("PROPOSALS", "bool", True, "Authors may propose papers by a form, where `EMAIL_URL` sends mails out"),
    Setting("DEFAULT_FROM_EMAIL", "str", "Listkeeper <listkeeper@localhost>", "Whom mails come from"),
    Setting("SECRET_KEY", "str", "", "Signs sessions; empty: made once and kept in the data folder"),
    Setting("ALLOWED_HOSTS", "list", ["localhost", "127.0.0.1", "[::1]"], "Host names the site answers to"),
    Setting("HTTPS", "bool", False, "The site is served over HTTPS: secure cookies, HSTS, redirect"),
    Setting(
        "TRUSTED_PROXIES", "int", 0, "Reverse proxies of your own in front of the site; says whose address is counted"
    ),
    Setting("DEBUG", "bool", False, "Django's debug pages; never on a public site"),
)


def read() -> dict[str, Any]:
    """Return every setting by name, converted; raise ImproperlyConfigured naming the variable that is wrong."""
    env = environ.Env()
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        if setting.kind == "path":
            values[setting.name] = Path(env.str(setting.name, default=str(setting.default))).expanduser().resolve()
        else:
            values[setting.name] = getattr(env, setting.kind)(setting.name, default=setting.default)
    return values


def secret_key(given: str, data_dir: Path) -> str:
    """Return the given key, or the one kept in the data folder, made on first use and readable by its owner only."""
    if given:
        return given
    path = data_dir / "secret-key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        data_dir.mkdir(parents=True, exist_ok=True)
    # Two processes may start at once: the one that creates the name first wins, the other reads its key.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(50))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()
