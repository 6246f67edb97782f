"""A new list from a few words: its list.toml, a first README in each language, and the list itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from papers.models import PaperList
from papers.readme.escape import one_line, title_text
from papers.readme.headerwords import header_in
from papers.readme.importer import import_readme
from papers.readme.listfile import NAME, CategorySetting, ListFile, TopicSetting, read_new_list_parts
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


@dataclass(frozen=True, slots=True)
class NewCategory:
    """A section to be: its key, and by language its name, definition and keywords."""

    key: str
    names: Mapping[str, str]
    definitions: Mapping[str, str]
    keywords: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class NewList:
    """A list to be. The first language is its primary one."""

    slug: str
    name: str
    homepage: str
    languages: Mapping[str, str]  # language -> file name
    categories: tuple[NewCategory, ...]
    topics: tuple[TopicSetting, ...] = ()

    @property
    def listfile(self) -> ListFile:
        """The settings that go with it."""
        categories = tuple(
            CategorySetting(each.key, tuple(dict.fromkeys(each.names.values()))) for each in self.categories
        )
        return ListFile(Path(NAME), self.slug, self.name, self.homepage, self.languages, categories, self.topics)


def read_new_list(path: Path) -> NewList:
    """Return the list that a short TOML describes; raise ListFileError with the file, the key and what is wrong."""
    table = read_toml(path)
    slug, name, homepage, languages, topics = read_new_list_parts(table)
    categories = tuple(_category(each, tuple(languages)) for each in table.tables("categories"))
    table.refuse_unknown({"slug", "name", "homepage", "languages", "categories", "topics"})
    if not categories:
        raise table.error("categories", "a list needs at least one, as [[categories]]")
    for language in languages:
        names = [category.names[language].casefold() for category in categories]
        for shown in names:
            if names.count(shown) > 1:
                raise table.error("categories", f'two are called "{shown}"')
    keys = [category.key for category in categories]
    for key in keys:
        if keys.count(key) > 1:
            raise table.error("categories", f'"{key}" stands there twice')
    return NewList(slug, name, homepage, languages, categories, topics)


def _category(table: TomlTable, languages: tuple[str, ...]) -> NewCategory:
    table.refuse_unknown({"key", "name", "definition", "keywords"})
    key = table.text("key", re.compile(r"(?!out$)[a-z0-9]+(?:-[a-z0-9]+)*"), "lower-case letters, digits and hyphens")
    return NewCategory(
        key,
        names={language: _in_language(table, "name", language) or key for language in languages},
        definitions={language: _in_language(table, "definition", language) for language in languages},
        keywords={language: _words_in_language(table, language) for language in languages},
    )


def _in_language(table: TomlTable, key: str, language: str) -> str:
    """A text that is one for all languages, or a table of one each."""
    if isinstance(table.data.get(key), dict):
        return one_line(table.table(key).text(language, default=""))
    return one_line(table.text(key, default=""))


def _words_in_language(table: TomlTable, language: str) -> tuple[str, ...]:
    given = table.data.get("keywords", [])
    if isinstance(given, dict):
        return table.table("keywords").texts(language) if language in given else ()
    return table.texts("keywords") if given else ()


def files(new: NewList) -> dict[str, str]:
    """Return the files of a new list by name: list.toml, and a README in each language."""
    return {NAME: _list_toml(new), **{file: readme(new, language) for language, file in new.languages.items()}}


def readme(new: NewList, language: str) -> str:
    """Return the first README in a language: contents, a section with an empty table for each category."""
    words = _WORDS.get(language.partition("-")[0], _WORDS["en"])
    contributing = words["contributing"]
    intro = words["intro"].format(contributing=contributing, anchor=_anchor(contributing))
    lines = [f"# {title_text(new.name, pipes=False)}", "", intro, "", f"## {words['contents']}", ""]
    names = [title_text(category.names[language], pipes=False) for category in new.categories]
    lines += [f"- [{name}](#{_anchor(name)})" for name in [*names, contributing]]
    for name, category in zip(names, new.categories, strict=True):
        lines += ["", f"## {name}", ""]
        colon, comma = ("：", "、") if language.startswith("zh") else (": ", ", ")
        if definition := category.definitions[language]:
            lines += [f"**{header_in('Definition', language) or 'Definition'}**{colon}{definition}", ""]
        if keywords := category.keywords[language]:
            told = comma.join(f"`{one_line(word).replace('`', '')}`" for word in keywords)
            lines += [f"**{header_in('Keywords', language) or 'Keywords'}**{colon}{told}", ""]
        headers = [header_in(header, language) or header for header in _HEADERS]
        lines += [f"| {' | '.join(headers)} |", f"|{' :--- |' * len(headers)}"]
    lines += ["", f"## {contributing}", "", words["how"]]
    return "\n".join(lines) + "\n"


def create(new: NewList) -> PaperList:
    """Make the list with its READMEs; raise ListExists, with nothing made."""
    with transaction.atomic():
        paper_list, is_new = PaperList.objects.get_or_create(
            slug=new.slug, defaults={"name": new.name, "homepage": new.homepage}
        )
        if not is_new:
            raise ListExists(f"{new.slug}: there is such a list already")
        for language, file in new.languages.items():
            import_readme(paper_list, language, readme(new, language).encode(), file, new.listfile, allow_empty=True)
    return paper_list


def _anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _list_toml(new: NewList) -> str:
    lines = [
        "# What this list is called, which file is which language, and which heading is which category.",
        f"slug = {_quoted(new.slug)}",
        f"name = {_quoted(new.name)}",
    ]
    if new.homepage:
        lines.append(f"homepage = {_quoted(new.homepage)}")
    for language, file in new.languages.items():
        lines += ["", f"[languages.{language}]", f"file = {_quoted(file)}"]
    for category in new.listfile.categories:
        headings = ", ".join(_quoted(heading) for heading in category.headings)
        lines += ["", "[[categories]]", f"key = {_quoted(category.key)}", f"headings = [{headings}]"]
    for topic in new.topics:
        lines += ["", "[[topics]]"]
        lines += [f"{name} = {_quoted(getattr(topic, name))}" for name in ("slug", "source", "query", "schedule")]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


__all__ = ["ListExists", "ListFileError", "NewCategory", "NewList", "create", "files", "read_new_list", "readme"]
