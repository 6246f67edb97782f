"""The Celery application with a schedule that a test need not wait for: `celery -A tests.ingest.quick_beat beat`."""

from datetime import timedelta

from kbsite.celery import app

app.conf.beat_schedule = {"tick": {"task": "ingest.tasks.pull_due", "schedule": timedelta(seconds=1)}}
