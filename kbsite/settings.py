"""Django's settings, computed from the environment (see env.py for what a user may set)."""

from __future__ import annotations

import gc
from datetime import timedelta

import environ
from csp.constants import NONE, SELF

from kbsite import env
from kbsite.embedded.config import database_settings

# Python looks for cycles after every 700 new objects; an import or an export of a long list makes a million that
# live on, and spent half its time being looked through in vain (benchmarks/readme_import.py).
gc.set_threshold(50_000, 20, 50)

_given = env.read()

BASE_DIR = env.BASE_DIR
DATA_DIR = _given["LISTKEEPER_DATA_DIR"]
SECRET_KEY = env.secret_key(_given["SECRET_KEY"], DATA_DIR)
DEBUG = _given["DEBUG"]
ALLOWED_HOSTS = _given["ALLOWED_HOSTS"]

INSTALLED_APPS = [
    "kbsite.apps.SiteConfig",
    "ingest.apps.IngestConfig",
    "papers.apps.PapersConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "csp",
    "axes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kbsite.middleware.SpeakTheirLanguage",
    "kbsite.middleware.RefuseNul",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "kbsite.urls"
WSGI_APPLICATION = "kbsite.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kbsite.access.permissions",
            ],
        },
    },
]

# --- data -----------------------------------------------------------------------------------------------------

if _given["DATABASE_URL"]:
    DATABASES = {"default": environ.Env.db_url_config(_given["DATABASE_URL"]) | {"CONN_MAX_AGE": 60}}
else:
    DATABASES = {"default": database_settings(DATA_DIR)}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people ---------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
# Five failures lock an account for that address for 15 minutes (OWASP ASVS 5.0, 6.3.1).
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "kbsite.access.client_address"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_VERBOSE = False

# --- pages ----------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]  # of the pages; lists may be in any
LOCALE_PATHS = [BASE_DIR / "kbsite" / "locale"]  # one catalogue for all three rooms
FORMAT_MODULE_PATH = ["kbsite.formats"]
LANGUAGE_COOKIE_AGE = 31_536_000  # seconds: a year
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_ROOT = BASE_DIR / "kbsite" / "root"  # what programs look for at the root of a site, linked or not
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "kbsite.statics.HashedFiles"
    },
}
EMAIL_CONFIG = environ.Env.email_url_config(_given["EMAIL_URL"])
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10  # seconds: a page waits for the mail server
DEFAULT_FROM_EMAIL = _given["DEFAULT_FROM_EMAIL"]

PROPOSALS = _given["PROPOSALS"]

# --- security -------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if _given["HTTPS"]:
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    # For this host alone: the domain above it, and what else runs there, is not ours to promise for.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# --- API ------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "kbsite.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["kbsite.api.permissions.Allowed"],
    "DEFAULT_PAGINATION_CLASS": "kbsite.api.pagination.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "kbsite.api.errors.problem_details",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "60/min", "user": "600/min"},
    # Whose requests and failures to sign in are counted (see access.client_address): the last hop that is not ours;
    # what a client writes before that is its own word.
    "NUM_PROXIES": _given["TRUSTED_PROXIES"],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Listkeeper API",
    "DESCRIPTION": "Lists of research papers: entries, papers, suggestions, decisions, runs and exports.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {"ReadingStateEnum": "papers.models.Reading.State"},  # others have a `state`, too
}

# --- work -----------------------------------------------------------------------------------------------------

BROKER_DIR = DATA_DIR / "broker"
CELERY_BROKER_URL = _given["CELERY_BROKER_URL"] or "filesystem://localhost//"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object]
if CELERY_BROKER_URL.startswith("filesystem"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
    }
else:
    # A connection that says nothing for so long is asked whether it lives: a worker comes back from any outage.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"health_check_interval": 25, "socket_keepalive": True}
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # it tries for ever
CELERY_TASK_IGNORE_RESULT = True  # results are rows of the run table
# A message is done when its task is, so that a killed worker loses none.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_LOST_WAIT = 1.0  # seconds for a result that may be on its way still; there are none
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 3500
CELERY_TASK_TIME_LIMIT = 3600
# Longer than the longest task, or Redis hands a running task to a second worker. The least of all that any program
# on a broker says is what counts, so it is said wherever Celery looks.
CELERY_VISIBILITY_TIMEOUT = CELERY_TASK_TIME_LIMIT + 600
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": CELERY_VISIBILITY_TIMEOUT}
CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] = CELERY_VISIBILITY_TIMEOUT
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "ingest.tasks.embed": {"queue": "gpu"},
    "ingest.tasks.train": {"queue": "gpu"},
    "ingest.tasks.classify": {"queue": "gpu"},
    "ingest.tasks.place": {"queue": "gpu"},
}
CELERY_BEAT_SCHEDULER = "ingest.beat.Scheduler"
# The tables say what is due and missing; beat only has them asked, and a message that nobody took in time has a
# successor. So what a lost message told of is found within a minute.
CELERY_BEAT_SCHEDULE = {
    "pull topics that are due": {
        "task": "ingest.tasks.pull_due",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 55},
    },
    "finish what is missing": {
        "task": "ingest.tasks.catch_up",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 55},
    },
    "look up listed papers": {
        "task": "ingest.tasks.look_up_listed",
        "schedule": timedelta(minutes=10),
        "options": {"expires": 580},
    },
    "forget what proposals no longer need": {
        "task": "ingest.tasks.purge_proposals",
        "schedule": timedelta(hours=6),
        "options": {"expires": 3600},
    },
    "forget which papers were touched long ago": {
        "task": "ingest.tasks.forget_touches",
        "schedule": timedelta(hours=6),
        "options": {"expires": 3600},
    },
    "enrich": {  # once a day, which the runs tell
        "task": "ingest.tasks.enrich",
        "schedule": timedelta(minutes=10),
        "options": {"expires": 580},
    },
}
CELERY_TIMEZONE = "UTC"

ARXIV_API_URL = _given["ARXIV_API_URL"]
ARXIV_OAI_URL = _given["ARXIV_OAI_URL"]
ARXIV_FEED_URL = _given["ARXIV_FEED_URL"]
HF_ENDPOINT = _given["HF_ENDPOINT"]
S2_API_URL = _given["S2_API_URL"]
S2_API_KEY = _given["S2_API_KEY"]
GITHUB_API_URL = _given["GITHUB_API_URL"]
GITHUB_TOKEN = _given["GITHUB_TOKEN"]
ARXIV_DELAY_SECONDS = _given["ARXIV_DELAY_SECONDS"]
ALLOW_PRIVATE_FETCHES = _given["ALLOW_PRIVATE_FETCHES"]
CONTACT = _given["CONTACT"]
ENCODER = _given["ENCODER"]
ENCODER_DEVICE = _given["ENCODER_DEVICE"]
ENCODER_PRECISION = _given["ENCODER_PRECISION"]

# --- logs -----------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:7} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        name: {"level": "INFO", "handlers": ["console"], "propagate": False} for name in ("kbsite", "ingest", "papers")
    },
}
