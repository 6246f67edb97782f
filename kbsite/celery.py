"""The Celery application: `celery -A kbsite worker`."""

import os
from pathlib import Path

from celery import Celery
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kbsite.settings")

app = Celery("listkeeper")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

if settings.CELERY_BROKER_URL.startswith("filesystem"):
    TRANSPORT_ALIASES["filesystem"] = "kbsite.filebroker:Transport"
    for folder in ("queue", "control"):
        Path(settings.BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
