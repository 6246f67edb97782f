"""What maintainers type of a topic: the question it asks a source, how often, and for which list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ingest import health, topics
from ingest.models import Topic
from ingest.sources import SOURCES, BadQuery, source
from kbsite.access import ALL
from papers.models import PaperList


class TopicForm(forms.ModelForm):  # type: ignore[type-arg]
    """A topic; a slug that is left empty is made from the query."""

    use_required_attribute = False  # whether a query is needed depends on the source
    source = forms.ChoiceField(label=_("Source"))
    slug = forms.SlugField(
        label=_("Name"),
        max_length=50,
        required=False,
        help_text=_("Letters, digits and hyphens. Made from the query if left empty."),
    )

    class Meta:
        model = Topic
        fields = ("source", "query", "list", "schedule", "slug", "enabled")
        labels = {
            "query": _("Query"),
            "list": _("List"),
            "schedule": _("Pulled"),
            "enabled": _("Pull it on this schedule"),
        }
        help_texts = {"list": _("Which list the topic belongs to. What it brings is suggested to every list.")}
        widgets = {
            "query": forms.Textarea({"rows": 3, "spellcheck": "false", "class": "mono"}),
            "enabled": forms.CheckboxInput(),
        }

    def __init__(self, *args: Any, places: set[str], **kwargs: Any) -> None:
        """`places`: where the person may manage topics, see access.places; an other list's name is no choice."""
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = [(name, health.label(name)) for name in SOURCES]  # type: ignore[attr-defined]
        self.fields["list"].empty_label = _("None")  # type: ignore[attr-defined]
        if ALL not in places:
            self.fields["list"].required = True
            self.fields["list"].queryset = PaperList.objects.filter(slug__in=places)  # type: ignore[attr-defined]
        self.fields["list"].label_from_instance = lambda each: each.name  # type: ignore[attr-defined]
        self.fields["query"].help_text = self.query_help

    @property
    def query_help(self) -> str:
        """What the chosen source takes for a query."""
        chosen = self["source"].value() or self.fields["source"].choices[0][0]  # type: ignore[attr-defined]
        return query_help(chosen)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        asked, query = cleaned.get("source"), cleaned.get("query", "")
        if asked and "query" not in self.errors:
            try:
                source(asked).check(query)
            except BadQuery as problem:
                self.add_error("query", sentence(str(problem)))
            else:
                cleaned["slug"] = cleaned.get("slug") or topics.propose_slug(asked, query)
        return cleaned


def query_help(name: str) -> str:
    """Return what a query is to a source, in a sentence."""
    if name not in SOURCES:
        return ""
    return str(source(name).QUERY or _("It takes no query: leave this empty."))


def sentence(words: str) -> str:
    """Return words that a source says of a query as a sentence."""
    return words[:1].upper() + ended(words[1:])


def ended(words: str) -> str:
    """Return words with a full stop at their end, unless they have an end already."""
    return words if words.endswith((".", "?", "!", "…")) else gettext("%(words)s.") % {"words": words}
