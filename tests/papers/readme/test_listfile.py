"""list.toml: what it says, and errors that name the file and the key."""

from __future__ import annotations

import pytest

from papers import glossary
from papers.readme.listfile import CategorySetting, ListFileError, TopicSetting, read_list_file
from papers.readme.listtoml import as_toml
from tests.conftest import ROOT
from tests.papers.readme import samples
from tests.papers.readme.lists import document, new_list, take_in

WHOLE = """\
slug = "my-list"
name = "My list"
homepage = "https://example.org"

[languages.en]
file = "README.md"
[languages.zh-Hans]
file = "README_CN.md"

[[categories]]
key = "kv"
headings = ["KV Compression", "KV压缩"]

[[topics]]
slug = "arxiv-kv"
source = "arxiv"
query = 'ti:"KV cache"'
schedule = "weekly"
"""


@pytest.fixture
def written(tmp_path):
    def write(text: str):
        path = tmp_path / "list.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_everything_is_read(written):
    listfile = read_list_file(written(WHOLE))
    assert (listfile.slug, listfile.name, listfile.homepage) == ("my-list", "My list", "https://example.org")
    assert dict(listfile.languages) == {"en": "README.md", "zh-Hans": "README_CN.md"}
    assert listfile.categories == (CategorySetting("kv", ("KV Compression", "KV压缩")),)
    assert listfile.topics == (TopicSetting("arxiv-kv", "arxiv", 'ti:"KV cache"', "weekly"),)
    assert listfile.language_of("README_CN.md") == "zh-Hans"
    assert listfile.language_of("OTHER.md") is None


def test_little_is_needed(written):
    listfile = read_list_file(written('slug = "a"\nname = "A"\n[languages.en]\nfile = "README.md"\n'))
    assert (listfile.homepage, listfile.categories, listfile.topics) == ("", (), ())


def test_a_heading_matches_without_regard_to_case():
    setting = CategorySetting("kv", ("KV Compression",))
    assert setting.matches("Inference-Time kv compression (Memory)")
    assert not setting.matches("KV Quantization")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("slug =", "slugg ="), "slug: is missing"),
        (('"my-list"', '"My List"'), 'slug: "My List" must be lower-case letters, digits and hyphens'),
        (('"my-list"', "7"), "slug: must be a text in quotes"),
        (('"my-list"', '"new"'), 'slug: "new" cannot be a list: /lists/new/ is the page that makes one'),
        (("https://example.org", "example.org"), 'homepage: "example.org" must be an address that begins with'),
        (('name = "My list"', 'name = " "'), "name: must not be empty"),
        (('key = "kv"', 'key = "out"'), 'categories[1].key: "out" is the word for papers that belong nowhere'),
        (('key = "kv"', 'kee = "kv"'), "categories[1].kee: is not known; known are headings, key"),
        (('["KV Compression", "KV压缩"]', '"KV"'), 'categories[1].headings: must be a list of texts, as ["Surveys", "综述"]'),
        (("[[categories]]", "[categories]"), "categories: must be written as [[categories]]"),
        (('file = "README_CN.md"', 'file = "README.md"'), 'languages: "README.md" stands there twice'),
        (('file = "README_CN.md"', ""), "languages.zh-Hans.file: is missing"),
        (("zh-Hans", "chinese"), 'languages.chinese: must be a language code, as "en" or "zh"'),
        (('source = "arxiv"', ""), "topics[1].source: is missing"),
        (('homepage = "https://example.org"', "homepage ="), "Invalid value"),
        (('"my-list"', f'"{"x" * 51}"'), "slug: must be of at most 50 characters"),
        (("https://example.org", f"https://example.org/{'x' * 181}"), "homepage: must be of at most 200 characters"),
        (('key = "kv"', f'key = "{"x" * 81}"'), "categories[1].key: must be of at most 80 characters"),
        (('"arxiv-kv"', f'"{"x" * 51}"'), "topics[1].slug: must be of at most 50 characters"),
        (('"weekly"', '"monthly"'), 'topics[1].schedule: "monthly" must be hourly, daily or weekly'),
        (('"weekly"', '""'), 'topics[1].schedule: "" must be hourly, daily or weekly'),
        (('"My list"', '"My\\u0000list"'), "name: must not hold a NUL"),
    ],
)  # fmt: skip
def test_an_error_names_the_file_and_the_key(written, change, error):
    path = written(WHOLE.replace(*change))
    with pytest.raises(ListFileError) as raised:
        read_list_file(path)
    assert str(raised.value).startswith(f"{path}: {error}")


def test_two_categories_have_two_keys(written):
    with pytest.raises(ListFileError, match='categories: "kv" stands there twice'):
        read_list_file(written(WHOLE + '[[categories]]\nkey = "kv"\nheadings = ["x"]\n'))


def test_files_that_are_no_text_are_told(tmp_path):
    path = tmp_path / "list.toml"
    with pytest.raises(ListFileError, match="No such file"):
        read_list_file(path)
    path.write_bytes(b"\xff")
    with pytest.raises(ListFileError, match="not UTF-8 text"):
        read_list_file(path)


def test_the_bundled_list_is_read():
    listfile = read_list_file(ROOT / "lists" / "context-compression" / "list.toml")
    assert listfile.slug == "context-compression"
    assert [category.key for category in listfile.categories] == ["explicit", "implicit", "kv", "survey"]


def test_the_command_that_publish_runs_first_is_a_list_of_words(written):
    assert read_list_file(written(WHOLE)).checks == ()
    checks = '\n[publish]\nchecks = ["python", "scripts/check.py"]\n'
    assert read_list_file(written(WHOLE + checks)).checks == ("python", "scripts/check.py")
    with pytest.raises(ListFileError, match=r"list\.toml: publish\.checks: must be a command as a list of words"):
        read_list_file(written(WHOLE + '[publish]\nchecks = "make check"\n'))
    with pytest.raises(ListFileError, match=r"publish\.check: is not known; known are checks"):
        read_list_file(written(WHOLE + '[publish]\ncheck = ["make"]\n'))


def test_orders_columns_and_words_are_read(written):
    text = WHOLE.replace('headings = ["KV Compression", "KV压缩"]', 'headings = ["KV"]\norder = "newest first"')
    more = '[columns]\n"Comment" = "tldr"\n[glossary.zh]\n"Token Pruning" = "剪枝"\n'
    listfile = read_list_file(written(text + more))
    assert listfile.categories == (CategorySetting("kv", ("KV",), "newest first"),)
    assert dict(listfile.columns) == {"Comment": "tldr"}
    assert listfile.glossary == {"zh": {"Token Pruning": "剪枝"}}


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('[columns]\n"Comment" = "words"', 'columns.Comment: "words" must be one of title, link'),
        ("[columns]\nComment = 1", "columns.Comment: must be a text"),
        ('[glossary.Chinese]\n"A" = "B"', "glossary.Chinese: must be a language code"),
        ('[glossary.zh]\n"A" = ""', "glossary.zh.A: must not be empty"),
        (
            '[[categories]]\nkey = "b"\nheadings = ["B"]\norder = "random"',
            'order: "random" must be one of newest first',
        ),
    ],
)
def test_wrong_orders_columns_and_words_name_the_key(written, line, error):
    with pytest.raises(ListFileError) as problem:
        read_list_file(written(f"{WHOLE}{line}\n"))
    assert error in str(problem.value)


def test_it_is_written_as_it_is_read(written):
    more = (
        'order = "newest first"\n[publish]\nchecks = ["make", "a \\"b\\""]\n'
        '[columns]\n"Com.ment\\u007f" = "tldr"\n[glossary.zh-Hans]\n"Token Pruning" = "剪枝\\\\"\n'
    )
    head, topics = WHOLE.split("[[topics]]")
    listfile = read_list_file(written(f"{head}{more}\n[[topics]]{topics}"))
    assert listfile.checks and listfile.columns and listfile.glossary and listfile.topics
    assert read_list_file(written(as_toml(listfile))) == listfile


@pytest.mark.django_db
def test_an_import_takes_them_over(written):
    text = WHOLE.replace('headings = ["KV Compression", "KV压缩"]', 'headings = ["KV"]\norder = "alphabetical"')
    more = '[columns]\n"Comment" = "tldr"\n[glossary.zh]\n"Sparse" = "稀疏"\n'
    listed = new_list()
    take_in(listed, samples.BADGES, listfile=read_list_file(written(text + more)))
    listed.refresh_from_db()
    assert listed.columns == {"Comment": "tldr"}
    assert document(listed).texts.order_by("position").first().tldr == "Attention-based selection"
    assert listed.categories.get(key="kv").order == "alphabetical"
    assert glossary.own(listed, "zh") == {"Sparse": "稀疏"}
    take_in(listed, samples.BADGES.replace("Observation", "An observation"))
    listed.refresh_from_db()
    assert listed.columns == {"Comment": "tldr"}, "without a list.toml what it said stays"
    assert listed.categories.get(key="kv").order == "alphabetical"
