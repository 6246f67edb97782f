"""What the documents say is what the code does."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from ingest.sources import SOURCES, source
from kbsite import env
from tests.servers import Reply, Server

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def test_the_readme_has_every_setting_with_its_default():
    rows = dict(re.findall(r"^\| `([A-Z0-9_]+)` \| (.*?) \|", README, re.MULTILINE))
    assert set(rows) == {setting.name for setting in env.SETTINGS}
    for setting in env.SETTINGS:
        if setting.kind in {"str", "float"} and setting.default:
            assert (
                f"`{setting.default:g}`" in rows[setting.name]
                if setting.kind == "float"
                else str(setting.default) in rows[setting.name]
            )


def test_the_readme_tells_how_to_ask_every_source():
    rows = re.search(r"^\| Source \|.*\n\| :-.*\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert rows
    assert re.findall(r"^\| `(\w+)` \|", rows[1], re.MULTILINE) == list(SOURCES)
    for name, query in re.findall(r"^\| `(\w+)` \|.*\| [^|]*?: `([^`]+)`", rows[1], re.MULTILINE):
        source(name).check(query)


def test_the_readme_names_every_command_of_ours():
    ours = [name for name, app in get_commands().items() if app in {"kbsite", "ingest", "papers"}]
    assert ours
    missing = [name for name in ours if not re.search(rf"(manage\.py |`){name}\b", README)]
    assert missing == []


def test_every_command_of_ours_has_help():
    for name, app in get_commands().items():
        if app in {"kbsite", "ingest", "papers"}:
            assert load_command_class(app, name).help, name


def test_links_inside_the_documents_lead_somewhere():
    for document in ROOT.glob("*.md"):
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", document.read_text()):
            assert (ROOT / target).exists(), f"{document.name}: {target}"


def test_the_readme_shows_four_small_pictures_which_say_what_is_on_them():
    shown = re.findall(r"!\[([^\]]+)\]\((docs/pictures/[^)]+)\)", README)
    assert {ROOT / path for _, path in shown} == set((ROOT / "docs" / "pictures").iterdir()) and len(shown) == 4
    for says, path in shown:
        picture = (ROOT / path).read_bytes()
        assert len(says) > 20 and len(picture) < 150_000 and picture[8:12] == b"WEBP", path


def test_the_compose_file_runs_commands_that_exist():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert {"postgres", "redis", "migrate", "web", "worker", "gpu-worker", "beat"} <= set(compose["services"])
    text = str(compose)
    for name in re.findall(r"manage\.py (\w+)", text):
        assert name in get_commands()
    passed = set(compose["services"]["web"]["environment"])
    assert {setting.name for setting in env.SETTINGS} - passed == {"LISTKEEPER_DATA_DIR", "DEBUG"}
    queues = re.findall(r"'--queues', '(\w+)'", text)
    assert set(queues) == {"default", "gpu"}


@pytest.mark.parametrize(
    ("allowed", "host"),
    [("lists.example.org,localhost", "lists.example.org"), (".example.org", "example.org"), ("*", "localhost")],
)
def test_the_health_check_of_the_compose_file_asks_by_an_allowed_name(allowed, host):
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    _, _, option, code = compose["services"]["web"]["healthcheck"]["test"]
    for status in (200, 400):
        with Server(Reply("", status)) as site:
            command = [sys.executable, option, code.replace("http://127.0.0.1:8000", site.url)]
            done = subprocess.run(
                command, env=os.environ | {"ALLOWED_HOSTS": allowed}, stderr=subprocess.DEVNULL, timeout=30
            )
        assert (done.returncode == 0) == (status == 200)
        assert (site.asked[0].path, site.asked[0].headers["Host"]) == ("/healthz", host)


def test_the_image_takes_the_versions_of_the_constraints():
    for line in re.findall(r"^RUN pip install .*", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        assert "-c constraints.txt" in line and "==" not in line


@pytest.mark.parametrize("path", ["README.md", "Dockerfile"])
def test_static_files_are_collected_before_the_site_starts(path):
    text = (ROOT / path).read_text()
    assert 0 < text.index("collectstatic --noinput") < text.index("gunicorn kbsite.wsgi")
