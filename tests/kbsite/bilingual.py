"""A small list in two languages, imported from READMEs as a person would, with papers that await a decision."""

from __future__ import annotations

from typing import ClassVar

from papers.models import Document, PaperList, Suggestion
from papers.readme.importer import import_readme
from papers.readme.listfile import CategorySetting
from tests.factories import make_paper, make_suggestion

ENGLISH = """# Awesome Caches

## Eviction

**Definition**: Drops entries of the cache.

**Keywords**: `Eviction`, `Sparse`

| Title | Venue | Tags | Code | TL;DR |
| :--- | :--- | :--- | :--- | :--- |
| [Heavy Hitters](https://arxiv.org/abs/2306.14048) | NeurIPS 2023 | `Eviction`, `Sparse` | [GitHub](https://github.com/x/h2o) | Keeps what is read most. |
| [Sink Tokens](https://arxiv.org/abs/2309.17453) | ICLR 2024 | `Streaming` | - | Keeps the first tokens. |

## Quantization

| Title | Venue | Tags | Code | TL;DR |
| :--- | :--- | :--- | :--- | :--- |
| [Two Bits](https://arxiv.org/abs/2402.02750) | ICML 2024 | `Quantization` | - | Two bits are enough. |
"""

CHINESE = """# 缓存

## 淘汰

**定义**：丢弃缓存条目。

| 标题 | 发表 | 标签 | 代码 | 简述 |
| :--- | :--- | :--- | :--- | :--- |
| [Heavy Hitters](https://arxiv.org/abs/2306.14048) | NeurIPS 2023 | `淘汰`, `稀疏` | [GitHub](https://github.com/x/h2o) | 保留最常读的。 |
| [Sink Tokens](https://arxiv.org/abs/2309.17453) | ICLR 2024 | `流式` | - | 保留最前面的 Token。 |

## 量化

| 标题 | 发表 | 标签 | 代码 | 简述 |
| :--- | :--- | :--- | :--- | :--- |
| [Two Bits](https://arxiv.org/abs/2402.02750) | ICML 2024 | `量化` | - | 两比特足矣。 |
"""


def make_bilingual_list(slug: str = "caches") -> PaperList:
    """The list, its categories `eviction` and `quantization`, its three entries."""
    paper_list = PaperList.objects.create(slug=slug, name="Awesome Caches")
    for language, path, text in (("en", "README.md", ENGLISH), ("zh", "README_CN.md", CHINESE)):
        import_readme(paper_list, language, text.encode(), path, _Settings)
    return paper_list


class _Settings:
    """What of a list.toml an import reads."""

    categories = (
        CategorySetting("eviction", ("Eviction", "淘汰")),
        CategorySetting("quantization", ("Quantization", "量化")),
    )
    columns: ClassVar[dict[str, str]] = {}
    glossary: ClassVar[dict[str, dict[str, str]]] = {}


def make_waiting(paper_list: PaperList, title: str = "", relevance: float = 0.8, **fields: object) -> Suggestion:
    """A paper that awaits a decision, suggested for the first category."""
    return make_suggestion(paper_list, make_paper(title, **fields), relevance)  # type: ignore[arg-type]


def document(paper_list: PaperList, language: str) -> Document:
    """The list's README in a language."""
    return paper_list.documents.get(language=language)
