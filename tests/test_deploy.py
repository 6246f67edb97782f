"""Production settings pass Django's own deployment check, and bad settings are said with a hint."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_deployment_check_is_clean():
    result = manage(
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        HTTPS="true",
        ALLOWED_HOSTS="lists.example.org",
        ARXIV_API_URL="https://export.arxiv.org/api/query",
        ARXIV_DELAY_SECONDS="3",
        CONTACT="mailto:curator@example.org",
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_sources_are_to_know_whom_to_write_to():
    assert "CONTACT is empty" in manage("check", "--deploy", CONTACT="").stderr
    assert "CONTACT" not in manage("check", CONTACT="").stderr, "a trial of a newcomer is no deployment"


def test_https_is_promised_for_this_host_alone():
    code = "from kbsite import settings as s; print(s.SECURE_HSTS_SECONDS, hasattr(s, 'SECURE_HSTS_PRELOAD'))"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"HTTPS": "1"}, capture_output=True)
    assert told.stdout.split() == [b"31536000", b"False"], told.stderr


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DATABASE_URL": "sqlite:///x.db"}, "PostgreSQL only"),
        ({"ENCODER_DEVICE": "tpu"}, "ENCODER_DEVICE"),
        ({"ENCODER_PRECISION": "int4"}, "Use auto, float32 or int8"),
        ({"ENCODER_PRECISION": "int8", "ENCODER_DEVICE": "cuda"}, "Leave one of the two at auto"),
        ({"ARXIV_DELAY_SECONDS": "-1"}, "ARXIV_DELAY_SECONDS"),
    ],
)
def test_a_bad_setting_is_said_at_start(environment, words):
    result = manage("check", **environment)
    assert result.returncode != 0
    assert words in result.stderr


def test_models_and_migrations_agree():
    result = manage("makemigrations", "--check", "--dry-run")
    assert result.returncode == 0, result.stdout + result.stderr


def test_mails_are_to_come_from_somewhere():
    mailing = {"CONTACT": "mailto:curator@example.org", "EMAIL_URL": "smtp://mail.example.org:25"}
    assert "DEFAULT_FROM_EMAIL" in manage("check", "--deploy", **mailing).stderr
    named = mailing | {"DEFAULT_FROM_EMAIL": "Listkeeper <lists@example.org>"}
    assert "DEFAULT_FROM_EMAIL" not in manage("check", "--deploy", **named).stderr
    assert "DEFAULT_FROM_EMAIL" not in manage("check", "--deploy", CONTACT="x").stderr, "no mail goes out"
