"""How lists call the same column, and the same label of a section, in English and in Chinese."""

from __future__ import annotations

# The first of a row is what a new README gets; the others are understood too.
_HEADERS: tuple[dict[str, tuple[str, ...]], ...] = (
    {"en": ("Title",), "zh": ("标题", "题目")},
    {"en": ("Paper Title",), "zh": ("论文标题",)},
    {"en": ("Paper", "Papers"), "zh": ("论文", "文章")},
    {"en": ("Venue/Date", "Venue / Date"), "zh": ("发表/日期", "会议/日期", "发表 / 日期")},
    {"en": ("Venue", "Conference"), "zh": ("发表", "会议")},
    {"en": ("Publication", "Published"), "zh": ("发表于", "出处")},
    {"en": ("Date", "Time"), "zh": ("日期", "时间")},
    {"en": ("Year",), "zh": ("年份", "年")},
    {"en": ("Tags", "Tag"), "zh": ("标签",)},
    {"en": ("Keywords", "Keyword", "Key words"), "zh": ("关键词", "关键字")},
    {"en": ("Type", "Category"), "zh": ("类型", "类别", "分类")},
    {"en": ("Code", "GitHub", "Repo", "Repository"), "zh": ("代码", "仓库", "开源")},
    {"en": ("Link", "Links", "URL"), "zh": ("链接", "地址")},
    {"en": ("TL;DR", "TLDR"), "zh": ("简述", "一句话")},
    {"en": ("Summary", "Abstract"), "zh": ("摘要", "总结")},
    {"en": ("Focus",), "zh": ("关注点",)},
    {"en": ("Description", "Introduction"), "zh": ("简介", "描述")},
    {"en": ("Authors", "Author"), "zh": ("作者",)},
    {"en": ("Affiliation", "Institution"), "zh": ("机构", "单位")},
    {"en": ("Comment", "Comments"), "zh": ("备注",)},
    {"en": ("Notes", "Note"), "zh": ("说明",)},
    {"en": ("Method", "Methods"), "zh": ("方法",)},
    {"en": ("Model", "Models"), "zh": ("模型",)},
    {"en": ("Stars",), "zh": ("星标",)},
    {"en": ("Recom", "Recommendation"), "zh": ("推荐",)},
    {"en": ("Status",), "zh": ("状态",)},
    {"en": ("Definition",), "zh": ("定义",)},
)


def header_in(header: str, language: str) -> str | None:
    """Return how a column with this header, or a label, is called in a language; None when that is not known."""
    wanted, spoken = header.strip().casefold(), language.split("-")[0].casefold()
    for words in _HEADERS:
        if spoken in words and any(wanted == word.casefold() for each in words.values() for word in each):
            known = {word.casefold(): word for word in words[spoken]}
            return known.get(wanted, words[spoken][0])
    return None
