from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "kbsite"
    verbose_name = "Site"

    def ready(self) -> None:
        from kbsite import celery, checks  # noqa: F401  (binds the tasks to the application; registers the checks)
