"""Publishes a list: its READMEs into a git checkout, as one commit, and as a pull request if asked for.

All that could be refused is looked at before anything is written; what fails later leaves the files as they were.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from django.utils import timezone

from ingest.publishing import programs
from ingest.publishing.checkout import Checkout, Refused
from ingest.publishing.github import GitHub, login, repository_at
from papers.export.files import write_whole
from papers.models import Document, PaperList
from papers.publication.draft import Draft, DraftFile, draft
from papers.publication.message import Message
from papers.publication.patch import FileChange
from papers.readme import listfile
from papers.readme.importer import ImportRefused, import_readme
from papers.readme.listfile import ListFileError, read_list_file

OUR_BRANCHES = "listkeeper/"
_CHECKS = 600.0  # seconds
_TOKEN = re.compile(r"[!-~]+")
_TOLD_LINES = 10  # of what failing checks wrote


@dataclass(frozen=True, slots=True)
class Access:
    """How pull requests are opened: GitHub's API and a token."""

    api: str
    token: str


@dataclass(frozen=True, slots=True)
class Published:
    """What was done: the commit, empty when there was nothing to commit, its branch and message, and the request."""

    commit: str
    branch: str
    message: Message
    request: str = ""
    notes: tuple[str, ...] = ()


def publish(
    paper_list: PaperList, folder: Path, branch: str = "", subject: str = "", access: Access | None = None
) -> Published:
    """Write the list's READMEs into the checkout that the folder is in, run its checks, and commit.

    `branch` is made at the last commit, or continued; `subject` replaces the message's first line. With `access`
    the branch is pushed to origin and a pull request opened. Raise Refused, with nothing written.
    """
    checkout = Checkout.at(folder)
    with checkout.alone():
        return _publish(checkout, paper_list, branch, subject, access)


def _publish(checkout: Checkout, paper_list: PaperList, branch: str, subject: str, access: Access | None) -> Published:
    written = draft(paper_list, subject)
    started_on = checkout.branch()
    github = None
    if access is not None:
        github = _github(checkout, access)
        checkout = replace(checkout, login=login(github.repository, github.token, access.api))
        default = github.default_branch()  # tells whether the token is any good before anything is done
        checkout.fetch()
        branch = branch or _our_branch(written, started_on)
    inspect(checkout, written)
    _refuse_unready(checkout, started_on, branch)
    changed = [file for file in written.files if not checkout.holds(file.path, file.after)]
    commit, notes = "", list[str]()
    if changed:
        with _on_branch(checkout, branch, started_on):
            commit, notes = _commit(checkout, paper_list, changed, written.message)
    _record(checkout, paper_list, written.files, commit or checkout.commit(), bool(commit), notes)
    done = Published(commit, checkout.branch(), written.message, notes=tuple(notes))
    if github is None:
        return done
    base = started_on if started_on and started_on != done.branch else default
    return replace(done, request=_request(checkout, github, done, base))


def inspect(checkout: Checkout, written: Draft) -> dict[str, bytes | None]:
    """Return each README as the checkout has it, None for a new one; raise Refused for one that cannot be written.

    A file must be what the list was imported from or published as: anything else would be overwritten unseen.
    """
    paths = [file.path for file in written.files]
    if not paths:
        raise Refused("the list has no README yet: import one")
    for path in paths:
        _refuse_outside(checkout, path)
        if [PurePosixPath(each) for each in paths].count(PurePosixPath(path)) > 1:
            raise Refused(f"{path}: two languages of the list have this file")
    dirty = checkout.uncommitted(paths)
    if dirty:
        raise Refused(f"{', '.join(dirty)}: has uncommitted changes; commit or undo them first")
    return {file.path: _content(checkout, file) for file in written.files}


def _refuse_outside(checkout: Checkout, path: str) -> None:
    """Refuse a path that leads out of the checkout, into git's own folder, or through a link."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\\" in path or ".." in parts:
        raise Refused(f"{path}: leads out of the checkout")
    if any(part.casefold() == ".git" for part in parts):
        raise Refused(f"{path}: is within git's own folder")
    place = checkout.folder
    for part in parts:
        place = place / part
        if place.is_symlink():
            raise Refused(f"{path}: is a symbolic link")
    if place.exists() and not place.is_file():
        raise Refused(f"{path}: is no file")


def _content(checkout: Checkout, file: DraftFile) -> bytes | None:
    committed, place = checkout.content(file.path), checkout.folder / file.path
    if committed is None:
        if place.exists():
            raise Refused(f"{file.path}: is not committed yet: commit it first")
        if file.document.is_primary:
            raise Refused(f"{file.path}: is not in {checkout.folder}; is this the list's repository?")
        if checkout.had(file.path):
            raise Refused(
                f"{file.path}: was deleted in the repository; restore it, or take the language out of the list"
            )
        return None
    if not place.exists():
        raise Refused(f"{file.path}: is not in {checkout.folder}, though it is committed")
    content = place.read_bytes()  # where git turns line endings, this is what is imported and written
    known = [file.before, file.after]
    if content not in known and committed not in known:
        _refuse_unknown(checkout, file)
    return content


def _refuse_unknown(checkout: Checkout, file: DraftFile) -> None:
    """Say what to do with a README that is another one than was imported or published last."""
    if checkout.had(file.path, file.before):
        raise Refused(f"{file.path} has changes that Listkeeper has not seen: import it first")
    # An import would take it for newer, and take back what it lacks of what is known here.
    last = f"published last, as {file.document.commit[:10]}" if file.document.commit else "imported last"
    raise Refused(
        f"{file.path}: what was {last}, was never in this branch: pull or merge it, or switch to its branch; "
        "import this file only if it is the newer one"
    )


def _refuse_unready(checkout: Checkout, started_on: str, branch: str) -> None:
    """Refuse a checkout in the midst of something, behind its upstream, or with another branch of that name."""
    checkout.author()
    busy = checkout.under_way()
    if busy:
        raise Refused(f"{checkout.folder}: {busy} is under way: end it first")
    if checkout.staged():
        raise Refused(f"{checkout.folder}: other changes are staged: commit or unstage them first")
    if not started_on and not branch:
        raise Refused(f"{checkout.folder}: no branch is checked out: switch to one, or name one with --branch")
    upstream = checkout.upstream()
    if upstream:
        ahead, behind = checkout.ahead_and_behind(upstream)
        if behind and ahead:
            raise Refused(
                f"{started_on} and {upstream} have diverged ({ahead} and {behind} commits): reconcile them first"
            )
        if behind:
            raise Refused(
                f"{started_on} is {behind} {'commit' if behind == 1 else 'commits'} behind {upstream}: pull first"
            )
    if branch and branch != started_on:
        _refuse_branch(checkout, branch)


def _refuse_branch(checkout: Checkout, branch: str) -> None:
    if not checkout.is_branch_name(branch):
        raise Refused(f"{branch}: git does not take this as the name of a branch")
    head = checkout.commit()
    for name in (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"):
        found = checkout.commit(name)
        if found and found != head:
            raise Refused(f"{branch}: there is such a branch, at another commit: switch to it first")


@contextmanager
def _on_branch(checkout: Checkout, branch: str, started_on: str) -> Iterator[None]:
    """Check the branch out, made if there is none; when what follows fails, all is as it was."""
    if not branch or branch == started_on:
        yield
        return
    head, is_new = checkout.commit(), not checkout.commit(f"refs/heads/{branch}")
    try:
        if is_new:
            checkout.start(branch)
        else:
            checkout.switch(branch)
        yield
    except BaseException:
        _go_back(checkout, started_on, head)
        if is_new:
            checkout.drop(branch)
        raise


def _go_back(checkout: Checkout, started_on: str, head: str) -> None:
    """Check out what was checked out at first; a hook that fails after that is no failure of it."""
    with suppress(Refused):
        if started_on:
            checkout.switch(started_on)
        else:
            checkout.detach(head)


def _commit(
    checkout: Checkout, paper_list: PaperList, files: Sequence[DraftFile], message: Message
) -> tuple[str, list[str]]:
    """Write the files, run the list's checks, and commit; return the commit and what is to be told of it."""
    words, notes = _checks(checkout, paper_list, files)
    paths = [file.path for file in files]
    with _written(checkout, files):
        if words:
            _run_checks(checkout, words)
            for file in files:
                if (checkout.folder / file.path).read_bytes() != file.after:
                    raise Refused(f"{' '.join(words)}: changed {file.path}; a check must leave the files alone")
            if checkout.staged():
                raise Refused(f"{' '.join(words)}: staged changes; a check must leave the checkout alone")
        return checkout.record(paths, message.text), notes


@contextmanager
def _written(checkout: Checkout, files: Sequence[DraftFile]) -> Iterator[None]:
    """Write the files; when what follows fails, they are as they were."""
    places = {file.path: checkout.folder / file.path for file in files}
    before = {path: place.read_bytes() if place.exists() else None for path, place in places.items()}
    missing = dict.fromkeys(each for place in places.values() for each in place.parents if not each.exists())
    try:
        for file in files:
            try:
                places[file.path].parent.mkdir(parents=True, exist_ok=True)
                write_whole(places[file.path], file.after)
            except OSError as error:
                raise Refused(f"{file.path}: {error.strerror}") from error
        yield
    except BaseException:
        for path, content in before.items():
            if content is None:
                places[path].unlink(missing_ok=True)
            else:
                write_whole(places[path], content)
        for folder in sorted(missing, key=lambda each: -len(each.parts)):
            with suppress(OSError):  # it was not made, or holds something else by now
                folder.rmdir()
        checkout.unstage(list(before))
        raise


def _checks(checkout: Checkout, paper_list: PaperList, files: Sequence[DraftFile]) -> tuple[tuple[str, ...], list[str]]:
    """Return the command of the list.toml beside the READMEs or at the top, and what is to be told of others."""
    beside = [(checkout.folder / file.path).parent for file in files]
    notes = []
    for folder in dict.fromkeys((*beside, checkout.folder, checkout.top())):
        path = folder / listfile.NAME
        if not path.is_file():
            continue
        try:
            settings = read_list_file(path)
        except ListFileError as error:
            raise Refused(str(error)) from error
        if settings.slug == paper_list.slug:
            return settings.checks, []
        notes.append(f"{path} is of another list, {settings.slug}: its checks were not run.")
    return (), notes


def _run_checks(checkout: Checkout, words: Sequence[str]) -> None:
    try:
        env = programs.environment(without="GIT_")
        done = programs.run(words, checkout.folder, _CHECKS, env, joined=True)
    except programs.ProgramFailed as error:
        raise Refused(f"the list's checks failed: {error}; nothing was published") from error
    if done.code:
        said = done.output.decode("utf-8", "replace").strip().splitlines()[-_TOLD_LINES:]
        told = "".join(f"\n  {line}" for line in said)
        raise Refused(
            f"the list's checks failed ({' '.join(words)}: exit status {done.code}); nothing was published{told}"
        )


def _record(
    checkout: Checkout, paper_list: PaperList, files: Sequence[DraftFile], commit: str, is_new: bool, notes: list[str]
) -> None:
    """Note the commit, and take what was published as the READMEs that changes are counted against from now on."""
    for file in files:
        is_ours = is_new or file.before != file.after
        if not is_ours:
            continue
        Document.objects.filter(pk=file.document.pk).update(commit=commit)
        try:
            if file.before != file.after:
                import_readme(paper_list, file.document.language, file.after, file.path, allow_empty=True)
            content = (checkout.folder / file.path).read_bytes()
            if is_new and content != file.after and not checkout.uncommitted([file.path]):
                # A hook, as one that formats, made something else of it: what others make of a README is imported.
                import_readme(paper_list, file.document.language, content, file.path, allow_empty=True)
                notes.append(f"{file.path}: the repository's hooks changed it, and their version was imported.")
        except ImportRefused as error:
            notes.append(f"{error}; what was committed still counts as changed here.")


def _github(checkout: Checkout, access: Access) -> GitHub:
    token = access.token.strip()
    if not token:
        raise Refused("GITHUB_TOKEN is not set: a pull request needs one")
    if not _TOKEN.fullmatch(token):
        raise Refused("GITHUB_TOKEN holds spaces or characters that no token has")
    address = checkout.remote()
    if not address:
        raise Refused(f"{checkout.folder}: has no remote called origin")
    return GitHub(repository_at(address), access.api, token)


def _our_branch(written: Draft, started_on: str) -> str:
    """The branch of a pull request: the one that is being worked on, or a new one named by the day and the content."""
    if started_on.startswith(OUR_BRANCHES):
        return started_on
    if not written.has_changes:
        return ""
    digest = hashlib.sha256(b"\0".join(file.after for file in written.files)).hexdigest()
    return f"{OUR_BRANCHES}{timezone.localdate():%Y-%m-%d}-{digest[:7]}"


def _request(checkout: Checkout, github: GitHub, done: Published, base: str) -> str:
    """Push the branch and return its pull request, opened if there is none; "" when the base has it all already."""
    remote_base = f"refs/remotes/origin/{base}"
    if not done.branch or done.branch == base or checkout.is_within("HEAD", remote_base):
        return ""
    try:
        checkout.push(done.branch)
        opened = github.open_request(done.branch, base)
        if opened:
            return opened
        subject, body = (done.message.subject, done.message.body) if done.commit else checkout.message()
        return github.open_new_request(done.branch, base, subject, body)
    except Refused as error:
        kept = f"the commit stays on {done.branch}; the same command again goes on from there"
        raise Refused(f"{error}; {kept}") from error


def file_changes(checkout: Checkout, written: Draft) -> list[FileChange]:
    """Return the files for a patch against the checkout."""
    contents, prefix = inspect(checkout, written), checkout.prefix()
    return [FileChange(f"{prefix}{file.path}", contents[file.path], file.after) for file in written.files]
