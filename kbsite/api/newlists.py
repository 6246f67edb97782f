"""What programs send to make a list, and the list that it describes."""

from __future__ import annotations

from typing import Any

from django.utils.text import capfirst
from rest_framework import serializers

from kbsite.api.fields import Cell, Text
from papers import newlist
from papers.newlist import NewCategory, NewLanguage, NewList, Problem, Words

_MOST = 100  # categories or languages


class NewListLanguageSerializer(serializers.Serializer[Any]):
    """A language of a list to be; the first one is its primary one."""

    code = Text(max_length=16, help_text="`en`, `pt-BR`")
    file = Text(required=False, default="", allow_blank=True, max_length=200, help_text="Its README; else it is named")


class NewWordsSerializer(serializers.Serializer[Any]):
    """What one language says of a category to be."""

    name = Cell(
        required=False, default="", allow_blank=True, max_length=200, help_text="Empty: as in the first language"
    )
    definition = Cell(required=False, default="", allow_blank=True, max_length=5000)
    keywords = serializers.ListField(child=Cell(max_length=200), required=False, default=[], max_length=100)


class NewCategorySerializer(serializers.Serializer[Any]):
    """A category of a list to be."""

    key = Text(required=False, default="", allow_blank=True, max_length=80, help_text="Empty: made from the name")
    words = serializers.DictField(child=NewWordsSerializer(), help_text="By language, of the first one at least a name")


class NewListSerializer(serializers.Serializer[Any]):
    """A list to be, from a few words."""

    name = Cell(max_length=200)
    slug = Text(required=False, default="", allow_blank=True, max_length=80, help_text="Empty: made from the name")
    homepage = Text(required=False, default="", allow_blank=True, max_length=2000)
    languages = serializers.ListField(child=NewListLanguageSerializer(), min_length=1, max_length=_MOST)
    categories = serializers.ListField(child=NewCategorySerializer(), min_length=1, max_length=_MOST)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Complete the list and find everything that keeps it from being made; it is then the value of `new`."""
        codes = [language["code"] for language in attrs["languages"]]
        wrong = {
            f"categories.{place}.words.{code}": ["The list has no such language."]
            for place, category in enumerate(attrs["categories"])
            for code in category["words"].keys() - set(codes)
        }
        new = newlist.completed(_described(attrs, codes))
        for problem in newlist.problems(new):
            wrong.setdefault(_field(problem, codes), []).append(f"{capfirst(problem.words)}.")
        if wrong:
            raise serializers.ValidationError(wrong)
        return {"new": new}


def _described(asked: dict[str, Any], codes: list[str]) -> NewList:
    nothing: dict[str, Any] = {"name": "", "definition": "", "keywords": []}
    return NewList(
        asked["slug"],
        asked["name"],
        asked["homepage"],
        tuple(NewLanguage(language["code"], language["file"]) for language in asked["languages"]),
        tuple(
            NewCategory(
                category["key"],
                tuple(
                    Words(words["name"], words["definition"], tuple(words["keywords"]))
                    for words in (category["words"].get(code, nothing) for code in codes)
                ),
            )
            for category in asked["categories"]
        ),
    )


def _field(problem: Problem, codes: list[str]) -> str:
    """The field that a problem is about, as `errors` names it."""
    if problem.category is not None and problem.language is not None:
        return f"categories.{problem.category}.words.{codes[problem.language]}.{problem.field}"
    if problem.category is not None:
        return f"categories.{problem.category}.{problem.field}"
    if problem.language is not None:
        return f"languages.{problem.language}.{problem.field}"
    return problem.field
