"""Static files are collected again only when something about them has changed."""

from kbsite import statics


def test_they_are_collected_once_and_again_after_a_change(settings, tmp_path):
    source, root = tmp_path / "source", tmp_path / "static"
    source.mkdir()
    (source / "look.css").write_text("a {}")
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATICFILES_DIRS = [source]
    settings.STATIC_ROOT = root
    assert statics.collect() is True
    assert (root / "look.css").read_text() == "a {}"
    assert statics.collect() is False

    (source / "look.css").write_text("a, b {}")
    assert statics.collect() is True
    assert (root / "look.css").read_text() == "a, b {}"
    assert statics.collect() is False
