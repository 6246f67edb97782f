"""What an author fills in to propose a paper, and what a program leaves behind that does it for nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kbsite import proposing
from kbsite.forms import OneLine
from papers import cards, proposals
from papers.models import Category, PaperList
from papers.proposals import Named

LONGEST_WHY = 500


class ProposalForm(forms.Form):
    """A paper for a list, by its author."""

    named: Named | None = None

    paper = OneLine(label=_("Paper"), max_length=1000, help_text=_("Its link, arXiv id or DOI"))
    title = OneLine(
        label=_("Title"), max_length=500, required=False, help_text=_("Needed where the paper is not on arXiv")
    )
    category = forms.ModelChoiceField(
        label=_("Where it may belong"), queryset=Category.objects.none(), required=False, empty_label=_("I do not know")
    )
    why = forms.CharField(
        label=_("Why it belongs in the list"),
        max_length=LONGEST_WHY,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("In a sentence or two, for the curators"),
    )
    email = forms.EmailField(
        label=_("Your mail address"), max_length=254, widget=forms.EmailInput({"autocomplete": "email"})
    )
    # Hidden from people: what fills it in is a program.
    homepage = forms.CharField(required=False, label=_("Leave this empty"))
    shown = forms.CharField(required=False)  # when, by `proposing.shown_now`

    def __init__(self, data: Mapping[str, Any] | None = None, *, paper_list: PaperList) -> None:
        super().__init__(data)
        category: Any = self.fields["category"]
        category.queryset = paper_list.categories.all()
        category.choices = [
            ("", _("I do not know")),
            *((each.pk, each.name) for each in cards.categories(paper_list)),
        ]
        self.fields["homepage"].widget.attrs |= {"tabindex": "-1", "autocomplete": "off"}
        for name in ("paper", "title"):
            self.fields[name].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}

    @property
    def is_of_a_program(self) -> bool:
        """Whether the field that people do not see was filled in."""
        return bool(self.data.get("homepage", ""))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.is_of_a_program and not proposing.is_in_time(cleaned.get("shown", "")):
            self.add_error(None, _("This came faster than a person types, or a day late. Send it again, please."))
        if cleaned.get("paper"):
            try:
                self.named = proposals.named(cleaned["paper"], cleaned.get("title", ""))
            except proposals.TitleMissing as error:
                self.add_error("title", str(error))
            except proposals.NoPaper as error:
                self.add_error("paper", str(error))
        return cleaned
