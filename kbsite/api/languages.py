"""The languages of a list: how each stands, new ones, and the words that tags are translated by."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from kbsite.access import Action
from kbsite.api.base import Endpoint, kept, person
from kbsite.api.errors import Conflict
from kbsite.api.fields import Cell, Flag, Text
from kbsite.api.schema import reads, writes
from papers import acts, glossary, instep, languages, newlanguage
from papers.models import Act, Document, PaperList

LANGUAGE = OpenApiParameter("language", str, OpenApiParameter.PATH, description="`en`, `zh`, …")
_UNDOES = "What undoes it; null where nothing changed"


class StandingSerializer(serializers.Serializer[Any]):
    """How one language stands, in rows."""

    language = serializers.CharField()
    path = serializers.CharField(help_text="File name in the list's repository")
    is_primary = serializers.BooleanField()
    rows = serializers.IntegerField(help_text="That its README shows")
    missing = serializers.IntegerField()
    untranslated = serializers.IntegerField()
    stale = serializers.IntegerField(help_text="Whose original changed since they were translated")
    out_of_order = serializers.IntegerField()
    homeless = serializers.IntegerField(help_text="For which its README has no section")


class NewLanguageSerializer(serializers.Serializer[Any]):
    """A README to be made in another language."""

    language = Text(max_length=16, help_text="Its code: `fr`, `pt-BR`")
    path = Text(max_length=200, help_text="The README's file name")


class NewStandingSerializer(StandingSerializer):
    """How a language stands that was made."""

    act = serializers.IntegerField(allow_null=True, help_text=_UNDOES)


class InStepSerializer(serializers.Serializer[Any]):
    """What bringing a language in step did, in rows."""

    filled = serializers.IntegerField()
    filled_in_primary = serializers.IntegerField()
    reordered = serializers.IntegerField()
    homeless = serializers.IntegerField(help_text="That could not be filled in: the README has no section for them")
    act = serializers.IntegerField(allow_null=True, help_text=_UNDOES)


class WordSerializer(serializers.Serializer[Any]):
    """A tag of the first language, and how it is translated."""

    term = serializers.CharField()
    translation = serializers.CharField(allow_blank=True, help_text="That is used; empty where there is none")
    own = serializers.CharField(allow_blank=True, help_text="What curators said; it comes before what was learnt")
    count = serializers.IntegerField(help_text="How many entries teach it")


class SayRequestSerializer(serializers.Serializer[Any]):
    """Words in the curators' own choice."""

    words = serializers.DictField(
        child=Cell(allow_blank=True, max_length=200),
        help_text="Translation by tag of the first language; an empty one is forgotten, and what was learnt counts",
    )
    apply = Flag(required=False, default=False, help_text="Translate the tags that await it by them, too")


class SaidSerializer(serializers.Serializer[Any]):
    """What saying words did."""

    changed_rows = serializers.IntegerField(help_text="Whose tags were translated")
    act = serializers.IntegerField(allow_null=True, help_text=_UNDOES)


class LanguageViewSet(Endpoint, GenericViewSet[PaperList]):
    """The languages of a list beside each other."""

    queryset = PaperList.objects.all()
    lookup_field = "slug"
    lookup_value_converter = "slug"
    pagination_class = None
    needs = {"create": Action.SET_UP, "bring_in_step": Action.TRANSLATE, "say": Action.TRANSLATE}

    @reads("How each language of a list stands", StandingSerializer(many=True), 404)
    def show(self, request: Request, slug: str) -> Response:
        """The first one is the primary one, that the others are compared with."""
        found = [_told(each) for each in languages.standings(self.get_object())]
        return Response(StandingSerializer(found, many=True).data)

    @writes("Make a README in a new language", {201: NewStandingSerializer}, 404, request=NewLanguageSerializer)
    def create(self, request: Request, slug: str) -> Response:
        """It has every row, with copies flagged as untranslated where no word is known; see its export."""
        asked = NewLanguageSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        paper_list, user = self.get_object(), person(request)
        language, path = asked.validated_data["language"], asked.validated_data["path"]
        try:
            with acts.act(paper_list, user, Act.Kind.LANGUAGE, path) as act:
                document = newlanguage.create(paper_list, language, path, user)
        except newlanguage.CannotCreate as problem:
            raise ValidationError({"language": [str(problem)]}) from problem
        made = next(each for each in languages.standings(paper_list) if each.document.pk == document.pk)
        return Response(NewStandingSerializer(_told(made) | {"act": act.pk}).data, status.HTTP_201_CREATED)

    @writes("Bring a language in step", {200: InStepSerializer}, 404, request=None, parameters=[LANGUAGE])
    def bring_in_step(self, request: Request, slug: str, language: str) -> Response:
        """Fill in what it lacks, flagged as untranslated, and order it as the primary one."""
        document = self._document(language)
        with acts.act(document.list, person(request), Act.Kind.IN_STEP, document.path) as act:
            done = instep.bring_in_step(document, person(request))
        return Response(InStepSerializer(asdict(done) | {"act": kept(act)}).data)

    @reads("How a list translates its tags", WordSerializer(many=True), 404, parameters=[LANGUAGE])
    def words(self, request: Request, slug: str, language: str) -> Response:
        """Every tag of the primary language, the most frequent first; the primary one itself has none."""
        document = self._document(language)
        if document.is_primary:
            return Response([])
        primary = document.list.documents.get(is_primary=True)
        return Response(WordSerializer(glossary.terms(primary, document), many=True).data)

    @writes(
        "Say how tags are translated",
        {200: SaidSerializer},
        404,
        409,
        request=SayRequestSerializer,
        parameters=[LANGUAGE],
    )
    def say(self, request: Request, slug: str, language: str) -> Response:
        """The curators' own words come before those that the entries teach."""
        asked = SayRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        document, user = self._document(language), person(request)
        if document.is_primary:
            raise Conflict("Tags are translated from this language, not into it.", "is-primary")
        own, rows = glossary.own(document.list, language), 0
        given = {term: word for term, word in asked.validated_data["words"].items() if word != own.get(term, "")}
        with acts.act(document.list, user, Act.Kind.WORDS, language) as act:
            glossary.say(document.list, language, given, user)
            if asked.validated_data["apply"]:
                rows = instep.translate_tags(document, user)
        return Response(SaidSerializer({"changed_rows": rows, "act": kept(act)}).data)

    def _document(self, language: str) -> Document:
        documents = self.get_object().documents.select_related("list")
        document: Document = get_object_or_404(documents, language=language)
        return document


def _told(standing: languages.Standing) -> dict[str, Any]:
    document = standing.document
    return standing.counts | {"language": document.language, "path": document.path, "is_primary": document.is_primary}
