"""A new list from a few words: its list.toml, a first README in each language, and the list itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from papers.models import PaperList
from papers.readme.document import parse
from papers.readme.escape import cell_text, one_line, title_text
from papers.readme.headerwords import header_in
from papers.readme.importer import import_readme
from papers.readme.listfile import NAME, CategorySetting, ListFile, TopicSetting, read_new_list_parts
from papers.readme.listtoml import as_toml
from papers.readme.matching import new_key
from papers.readme.rules import FILE, HOMEPAGE, KEY, LANGUAGE, OPTIONAL, SLUG, TEXT
from papers.readme.tomltable import ListFileError, TomlTable, read_toml

_HEADERS = ("Paper Title", "Venue/Date", "Tags", "Code", "TL;DR")
_WORDS = {
    "en": {
        "intro": "Research papers, by what they do. Is one missing or misplaced? See [{contributing}](#{anchor}).",
        "contents": "Contents",
        "contributing": "Contributing",
        "how": "Open an issue or a pull request that adds one row to the table of the section it belongs to: the "
        "paper's title with its link, where and when it was published, a tag or two, its code, and one sentence on "
        "what it does.",
    },
    "zh": {
        "intro": "按方法分类的论文列表。有遗漏或分类不当的论文？请见[{contributing}](#{anchor})。",
        "contents": "目录",
        "contributing": "贡献",
        "how": "欢迎提交 issue 或 pull request：在相应章节的表格中添加一行，写明论文标题及链接、发表处与时间、"
        "一两个标签、代码地址，以及一句话简述。",
    },
}


class ListExists(Exception):
    """There is a list of this slug already."""

    words = "there is such a list already"

    def __init__(self, slug: str) -> None:
        super().__init__(f"{slug}: {self.words}")


@dataclass(frozen=True, slots=True)
class NewLanguage:
    """A language of a list to be, and the name of its README."""

    code: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What one language says of a section to be."""

    name: str = ""
    definition: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewCategory:
    """A section to be: its key, and its words in each of the list's languages, in their order."""

    key: str
    words: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class NewList:
    """A list to be. The first language is its primary one."""

    slug: str
    name: str
    homepage: str
    languages: tuple[NewLanguage, ...]
    categories: tuple[NewCategory, ...]
    topics: tuple[TopicSetting, ...] = ()

    @property
    def listfile(self) -> ListFile:
        """The settings that go with it."""
        languages = {language.code: language.file for language in self.languages}
        categories = tuple(
            CategorySetting(category.key, tuple(dict.fromkeys(_heading(words.name) for words in category.words)))
            for category in self.categories
        )
        return ListFile(Path(NAME), self.slug, self.name, self.homepage, languages, categories, self.topics)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field of a list to be, in words; and of which category and which language, from 0."""

    field: str
    words: str
    category: int | None = None
    language: int | None = None


def completed(new: NewList) -> NewList:
    """Return the list with what was left empty proposed: its slug, the names of files, keys and translated names."""
    keys: list[str] = []
    for category in new.categories:
        name = category.words[0].name if category.words else ""
        keys.append(category.key or (new_key(name.replace("_", " "), keys) if name else ""))
    return replace(
        new,
        slug=new.slug or proposed_slug(new.name),
        languages=tuple(
            replace(language, file=language.file or proposed_file(language.code, place))
            for place, language in enumerate(new.languages)
        ),
        categories=tuple(
            NewCategory(key, tuple(_named(category.words, key)))
            for key, category in zip(keys, new.categories, strict=True)
        ),
    )


def proposed_slug(name: str) -> str:
    """Return a slug for a list of this name, "" for a name without Latin letters and digits."""
    return slugify(name.replace("_", " "))[: SLUG.longest].strip("-")


def proposed_file(language: str, place: int) -> str:
    """Return a name for the README in a list's nth language, from 0."""
    return "README.md" if place == 0 else f"README_{language}.md"


def _named(words: Sequence[Words], key: str) -> Iterator[Words]:
    """The words with a name in each language: its own, else that of the primary one, else the key."""
    yield from (replace(each, name=each.name or words[0].name or key) for each in words)


def problems(new: NewList) -> list[Problem]:
    """Return everything that keeps a list from being made, whoever describes it; nothing when it can be."""
    texts = (("slug", SLUG.problem(new.slug)), ("name", TEXT.problem(new.name)))
    about = (*texts, ("homepage", HOMEPAGE.problem(new.homepage)))
    found = [Problem(field, words) for field, words in about]
    found += _in_languages(new.languages)
    if not new.categories:
        found.append(Problem("categories", _("a list needs at least one")))
    keys = [category.key for category in new.categories]
    for place, key in enumerate(keys):
        found.append(Problem("key", KEY.problem(key) or _twice(key, keys[:place]), place))
    for language in range(len(new.languages)):
        names = [category.words[language].name for category in new.categories]
        headings = [_heading(name).casefold() for name in names]
        for place, name in enumerate(names):
            words = TEXT.problem(name) or _unreadable(name, headings[place], headings[:place])
            if Problem("name", words, place, 0) not in found:  # the primary one's name stands in for others
                found.append(Problem("name", words, place, language))
    return [problem for problem in found if problem.words]


def _in_languages(languages: Sequence[NewLanguage]) -> Iterator[Problem]:
    if not languages:
        yield Problem("languages", _("a list needs at least one"))
    codes, files = [each.code for each in languages], [each.file.casefold() for each in languages]
    for place, each in enumerate(languages):
        code = LANGUAGE.problem(each.code) or _twice(each.code, codes[:place])
        yield Problem("code", code, language=place)
        taken = _('"%(name)s" is the file of the settings') % {"name": NAME} if files[place] == NAME else ""
        file = FILE.problem(each.file) or taken or (files[place] in files[:place] and _twice(each.file, [each.file]))
        yield Problem("file", file or "", language=place)


def _twice(text: str, before: Sequence[str]) -> str:
    return _('"%(text)s" stands there twice') % {"text": text} if text in before else ""


def _unreadable(name: str, heading: str, before: Sequence[str]) -> str:
    if not heading:
        return _('"%(name)s" is no heading: it needs letters or digits') % {"name": name}
    return _('two are called "%(name)s"') % {"name": name} if heading in before else ""


def _heading(name: str) -> str:
    """A section's name as it is read again from a README: without emoji and markup."""
    return parse(f"## {title_text(name, pipes=False)}\n".encode()).sections[-1].name


def read_new_list(path: Path) -> NewList:
    """Return the list that a short TOML describes; raise ListFileError with the file, the key and what is wrong."""
    table = read_toml(path)
    slug, name, homepage, languages, topics = read_new_list_parts(table)
    codes = tuple(languages)
    new = completed(
        NewList(
            slug,
            name,
            homepage,
            tuple(NewLanguage(code, file) for code, file in languages.items()),
            tuple(_category(each, codes) for each in table.tables("categories")),
            topics,
        )
    )
    table.refuse_unknown({"slug", "name", "homepage", "languages", "categories", "topics"})
    for problem in problems(new):
        raise table.error(_key(problem, codes), problem.words)
    return new


def _key(problem: Problem, codes: Sequence[str]) -> str:
    """The key of the TOML that a problem is about."""
    if problem.category is not None:
        return f"categories[{problem.category + 1}].{problem.field}"
    if problem.language is not None:
        return f"languages.{codes[problem.language]}" + (".file" if problem.field == "file" else "")
    return problem.field


def _category(table: TomlTable, languages: tuple[str, ...]) -> NewCategory:
    table.refuse_unknown({"key", "name", "definition", "keywords"})
    return NewCategory(
        table.text("key", KEY),
        tuple(
            Words(
                _in_language(table, "name", language),
                _in_language(table, "definition", language),
                _words_in_language(table, language),
            )
            for language in languages
        ),
    )


def _in_language(table: TomlTable, key: str, language: str) -> str:
    """A text that is one for all languages, or a table of one each."""
    if isinstance(table.data.get(key), dict):
        return one_line(table.table(key).text(language, OPTIONAL, default=""))
    return one_line(table.text(key, OPTIONAL, default=""))


def _words_in_language(table: TomlTable, language: str) -> tuple[str, ...]:
    given = table.data.get("keywords", [])
    if isinstance(given, dict):
        return table.table("keywords").texts(language) if language in given else ()
    return table.texts("keywords") if given else ()


def files(new: NewList) -> dict[str, str]:
    """Return the files of a new list by name: list.toml, and a README in each language."""
    readmes = {language.file: readme(new, place) for place, language in enumerate(new.languages)}
    return {NAME: as_toml(new.listfile), **readmes}


def readme(new: NewList, place: int) -> str:
    """Return the first README in the nth language: contents, a section with an empty table for each category."""
    language = new.languages[place].code
    words = _WORDS.get(language.partition("-")[0], _WORDS["en"])
    contributing = words["contributing"]
    intro = words["intro"].format(contributing=contributing, anchor=_anchor(contributing))
    lines = [f"# {title_text(new.name, pipes=False)}", "", intro, "", f"## {words['contents']}", ""]
    names = [title_text(category.words[place].name, pipes=False) for category in new.categories]
    lines += [f"- [{name}](#{_anchor(name)})" for name in [*names, contributing]]
    colon, comma = ("：", "、") if language.startswith("zh") else (": ", ", ")
    for name, category in zip(names, new.categories, strict=True):
        said = category.words[place]
        lines += ["", f"## {name}", ""]
        if definition := cell_text(said.definition, pipes=False):
            lines += [f"**{header_in('Definition', language) or 'Definition'}**{colon}{definition}", ""]
        if said.keywords:
            told = comma.join(f"`{one_line(word).replace('`', '')}`" for word in said.keywords)
            lines += [f"**{header_in('Keywords', language) or 'Keywords'}**{colon}{told}", ""]
        headers = [header_in(header, language) or header for header in _HEADERS]
        lines += [f"| {' | '.join(headers)} |", f"|{' :--- |' * len(headers)}"]
    lines += ["", f"## {contributing}", "", words["how"]]
    return "\n".join(lines) + "\n"


def is_taken(slug: str) -> bool:
    """Whether there is a list of this slug."""
    return PaperList.objects.filter(slug=slug).exists()


def create(new: NewList, user: AbstractBaseUser | None = None) -> PaperList:
    """Make the list with its READMEs; raise ListExists, with nothing made."""
    with transaction.atomic():
        about = {"name": new.name, "homepage": new.homepage}
        paper_list, is_new = PaperList.objects.get_or_create(slug=new.slug, defaults=about)
        if not is_new:
            raise ListExists(new.slug)
        for place, language in enumerate(new.languages):
            source = readme(new, place).encode()
            import_readme(paper_list, language.code, source, language.file, new.listfile, user, allow_empty=True)
    return paper_list


def _anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


__all__ = [
    "ListExists",
    "ListFileError",
    "NewCategory",
    "NewLanguage",
    "NewList",
    "Problem",
    "Words",
    "completed",
    "create",
    "files",
    "is_taken",
    "problems",
    "read_new_list",
    "readme",
]
