"""Making a list over the API: what is left empty is proposed, and all that is wrong is said at once."""

from __future__ import annotations

import pytest

from papers.models import PaperList

pytestmark = pytest.mark.django_db

ASKED = {
    "name": "Awesome Caches",
    "homepage": "https://github.com/x/awesome-caches",
    "languages": [{"code": "en"}, {"code": "zh", "file": "README_CN.md"}],
    "categories": [
        {"words": {"en": {"name": "Eviction", "definition": "Drops entries.", "keywords": ["eviction"]}, "zh": {"name": "淘汰"}}},
        {"key": "bits", "words": {"en": {"name": "Quantization"}}},
    ],
}  # fmt: skip


def test_a_list_is_made_with_its_readmes(as_maintainer, as_anonymous):
    made = as_maintainer.post("/api/v1/lists/", ASKED)
    assert made.status_code == 201
    told = as_anonymous.get(made.headers["Location"]).json()
    assert told == made.json() and told["slug"] == "awesome-caches"
    assert {each["language"]: each["path"] for each in told["documents"]} == {"en": "README.md", "zh": "README_CN.md"}
    assert [each["key"] for each in told["categories"]] == ["eviction", "bits"]
    texts = told["categories"][0]["texts"]
    assert (texts["en"]["definition"], texts["zh"]["name"]) == ("Drops entries.", "淘汰")
    assert told["categories"][1]["texts"]["zh"]["name"] == "Quantization"
    readme = as_anonymous.get("/api/v1/lists/awesome-caches/export/zh/markdown/").content.decode()
    assert "## 淘汰" in readme
    again = as_maintainer.post("/api/v1/lists/", ASKED)
    assert again.status_code == 409 and again.json()["type"].endswith("list-exists")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"slug": "No Slug"}, "slug"),
        ({"name": ""}, "name"),
        ({"homepage": "javascript:x"}, "homepage"),
        ({"languages": []}, "languages"),
        ({"languages": [{"code": "en"}, {"code": "en"}]}, "languages.1.code"),
        ({"languages": [{"code": "en", "file": "list.toml"}]}, "languages.0.file"),
        ({"categories": []}, "categories"),
        ({"categories": [{"words": {"en": {"name": ""}}}]}, "categories.0.words.en.name"),
        ({"categories": [{"words": {}}]}, "categories.0.words.en.name"),
        ({"categories": [{"key": "a b", "words": {"en": {"name": "A"}}}]}, "categories.0.key"),
        ({"categories": [{"words": {"en": {"name": "A"}, "fr": {"name": "A"}}}]}, "categories.0.words.fr"),
    ],
)
def test_what_is_wrong_is_said_by_field(as_maintainer, changed, field):
    answer = as_maintainer.post("/api/v1/lists/", ASKED | changed)
    assert answer.status_code == 400 and field in answer.json()["errors"]
    assert not PaperList.objects.exists()
