"""What programs send to add papers by hand, and what they are told of each line."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from kbsite import curation
from kbsite.api.fields import Cell, Flag, Key, Text
from kbsite.api.serializers.papers import PaperRefSerializer
from papers import adding, pasting
from papers.adding import Choice, Line, Outcome
from papers.models import PaperList


class AddRequestSerializer(serializers.Serializer[Any]):
    """Papers as somebody would paste them, and what is to become of them."""

    text = Text(
        max_length=pasting.MOST_CHARACTERS,
        trim_whitespace=False,
        help_text=f"Links, ids, DOIs, BibTeX and rows of READMEs, mixed; at most {pasting.MOST_ITEMS} papers",
    )
    dry_run = Flag(required=False, default=False, help_text="Only tell what each line would do")
    category = Key(
        required=False, max_length=80, help_text="Accept them straight into this one; without, they go to the queue"
    )
    lines = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=10**6),
        required=False,
        max_length=pasting.MOST_ITEMS,
        help_text="Add only what begins on these lines; without, all that can be added",
    )
    titles = serializers.DictField(
        child=Cell(max_length=1000), required=False, help_text="Titles by first line, where one is missing"
    )


class AddedLineSerializer(serializers.Serializer[Any]):
    """What one thing that was pasted would do, or what became of it."""

    line = serializers.IntegerField(help_text="Where it begins, from 1")
    last_line = serializers.IntegerField()
    form = serializers.ChoiceField(choices=[(each.name.lower(), each.value) for each in pasting.Form])
    identifier = serializers.CharField(
        allow_blank=True, help_text="What it names, as `arxiv:2407.12345`; empty: nothing"
    )
    title = serializers.CharField(allow_blank=True, help_text="As far as it is known")
    paper = PaperRefSerializer(allow_null=True, help_text="That is stored here")
    outcome = serializers.ChoiceField(
        choices=["queue", "accepted", "left"], help_text="Into the queue, straight into the category, or left out"
    )
    told = serializers.CharField(allow_blank=True, help_text="What is known of it, or why it is left out")
    doubtful = serializers.BooleanField(help_text="It may be here already under another name, or was added before")


class AddedSerializer(serializers.Serializer[Any]):
    """A paste, thing by thing."""

    dry_run = serializers.BooleanField()
    lines = AddedLineSerializer(many=True)


class TakesProposalsSerializer(serializers.Serializer[Any]):
    """Whether a list's authors may propose papers, where the site lets them at all."""

    takes_proposals = Flag()


def add(paper_list: PaperList, user: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Add what was asked for, or only tell of it; return the shape of AddedSerializer. Raise ValidationError."""
    category = paper_list.categories.filter(key=asked["category"]).first() if "category" in asked else None
    if "category" in asked and category is None:
        raise ValidationError({"category": [f"{paper_list} has no category “{asked['category']}”."]})
    try:
        items = pasting.read(asked["text"], adding.headers(paper_list))
    except pasting.TooMuch as error:
        raise ValidationError({"text": [str(error)]}) from error
    titles = asked.get("titles", {})
    chosen = {
        place: Choice(titles.get(str(item.first), ""), category)
        for place, item in enumerate(items)
        if item.first in asked.get("lines", [item.first])
    }
    if asked["dry_run"]:
        lines = adding.preview(paper_list, items)
        told = [_would(line, chosen[place]) for place, line in enumerate(lines) if place in chosen]
    else:
        told = [_became(outcome) for outcome in curation.add(paper_list, items, chosen, user).outcomes]
    return {"dry_run": asked["dry_run"], "lines": told}


def _would(line: Line, choice: Choice) -> dict[str, Any]:
    if not line.can_add or line.record(choice.title) is None:
        return _line(line, "left", _sentence(line.problem) if line.problem else line.told)
    is_straight = choice.category is not None and not (line.awaits_title and not choice.title)
    return _line(line, "accepted" if is_straight else "queue", line.told)


def _became(outcome: Outcome) -> dict[str, Any]:
    if outcome.paper is None:
        return _line(outcome.line, "left", _sentence(outcome.told))
    told = _line(outcome.line, "accepted" if outcome.decision else "queue", outcome.told)
    return told | {"paper": outcome.paper, "title": outcome.paper.title}


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def _line(line: Line, outcome: str, told: str) -> dict[str, Any]:
    return {
        "line": line.item.first,
        "last_line": line.item.last,
        "form": line.item.form.name.lower(),
        "identifier": ":".join(line.name) if line.name else "",
        "title": line.title,
        "paper": line.paper,
        "outcome": outcome,
        "told": told,
        "doubtful": line.is_doubtful,
    }
