"""The language of the pages: chosen at the foot of each, kept in a cookie."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from kbsite.access import Action, needs


# Exempt, so that no page of a reader needs a token, and with it a cookie, for this alone: the worst that another site
# could do is to have the pages speak Chinese.
@csrf_exempt
@needs(Action.ENTER)
@require_POST
def choose(request: HttpRequest) -> HttpResponseBase:
    """Keep the language and go back to the page that it was chosen on.

    The browser knows best which that is: a script may have changed the address since the page was made. One that does
    not tell is believed what the page said of itself.
    """
    if came_from := request.headers.get("Referer"):
        sent = request.POST.copy()
        sent["next"] = came_from
        request.POST = sent  # type: ignore[assignment]
    return set_language(request)
