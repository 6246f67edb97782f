"""The schema, and the pages that let people browse it: Swagger UI and ReDoc, served from here."""

from __future__ import annotations

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)

# Both pages set styles from their scripts; ReDoc searches in a worker that it makes from a blob.
_browsable = csp_update(
    {"style-src": [SELF, UNSAFE_INLINE], "worker-src": [SELF, "blob:"], "font-src": [SELF, "data:"]}
)


class SchemaView(SpectacularAPIView):
    """The OpenAPI schema, as YAML or (`?format=json`, or by the Accept header) as JSON."""


@method_decorator(_browsable, name="dispatch")
class SwaggerView(SpectacularSwaggerSplitView):
    """The API to try out."""

    url_name = "api:schema"


@method_decorator(_browsable, name="dispatch")
class RedocView(SpectacularRedocView):
    """The API to read."""

    url_name = "api:schema"
    template_name = "api/redoc.html"
