"""Find the servers that were handed in: in folders, files, notebooks and zip archives.

A class may come as a folder with a folder, a file or an archive of each student, as an archive of
all that, as Moodle packs it ("Siti Aminah_123456_assignsubmission_file_/"), or as Gradescope does
("submission_123456/", and beside them who has handed in what).
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.i18n import _
from autograder.submission import (
    COMPANIONS,
    MAX_BYTES,
    MAX_COMPANIONS,
    BadServer,
    Submission,
    made_of,
    too_large,
)
from autograder.trees import Archive, File, Folder, Tree, Unreadable, is_plain
from autograder.visible import visible

SERVER = "server.py"
MAX_FILES = 2000  # of one student: more is a mistake, or malice
MAX_ARCHIVE_BYTES = 10 * 1024 * 1024  # of one student
MAX_LIST_BYTES = 32 * 1024 * 1024  # of a whole class

# student, number, kind of submission ("file", or "onlinetext" where it was typed in), file name; as
# few letters as will do before the number, because the file's name is the student's own
_MOODLE = re.compile(r"(.+?)_(\d+)_assignsubmission_([a-z]+)_(.*)", re.DOTALL)
_GRADESCOPE = re.compile(r"submission_(\d+)")
_GRADESCOPE_EXPORT = re.compile(r"assignment_\d+_export")
_GRADESCOPE_LIST = "submission_metadata.yml"
_SCRATCH = ("work",)  # where the lessons write


class NothingThere(Exception):
    """A path leads to nothing that could be graded; the text is one sentence with a way out."""


@dataclass(frozen=True)
class Student:
    """Who has handed in, as far as the place where it lay tells; "" what is not known.

    Args:
        name: full name; several of a group with commas between.
        number: Moodle's number of the participant, or Gradescope's of the submission.
        email: address; several of a group with commas between.
        platform: whose number it is, "moodle" or "gradescope".
    """

    name: str = ""
    number: str = ""
    email: str = ""
    platform: str = ""


@dataclass(frozen=True)
class HandedIn:
    """A server that was found and not read yet, or why there is none.

    Args:
        name: what to call it, no other has the same.
        read: returns the server, or raises `BadServer`.
        student: who handed it in.
        whose: the same for all that one student has handed in; it is not for showing.
    """

    name: str
    read: Callable[[], Submission] = field(compare=False)
    student: Student = Student()
    whose: str = ""


def find(paths: Sequence[str], leave_out: Path | None = None) -> list[HandedIn]:
    """Return what was handed in at `paths`, in the order of the paths and of the names.

    Args:
        leave_out: a folder that is none of it, wherever it lies: results go there.

    Raises:
        NothingThere: a path does not exist, or is of no known kind, or there is nothing at all.
    """
    found: list[HandedIn] = []
    for path in paths:
        found += _at(path, leave_out)
    if not found:
        text = _("There is nothing to grade in {path}: no folder, no server.py and no archive.")
        raise NothingThere(text.format(path=visible(", ".join(paths))))
    return _without_doubles(found)


def _at(given: str, leave_out: Path | None) -> Iterable[HandedIn]:
    path = Path(given)
    shown = visible(given, None)
    suffix = path.suffix.lower()
    if path.is_dir():
        return _in_tree(Folder(path, leave_out), given, _called(path), packed=False)
    if not path.exists():
        text = _("There is no {path}. Is the name right, and are you in the right folder?")
        raise NothingThere(text.format(path=shown))
    if suffix == ".zip":
        try:
            return _in_tree(Archive(path), given, path.stem, packed=True)
        except Unreadable as error:
            return [HandedIn(path.stem, _refusal(_spoilt(shown, error)))]
    if suffix not in (".py", ".ipynb"):
        text = _("{path} is no folder, no Python file, no notebook and no zip archive.")
        raise NothingThere(text.format(path=shown))
    folder = Folder(path.parent)
    files = list(folder.files_at_top())
    name = _called(path.parent)
    if suffix == ".py" and path.name != SERVER:
        # what lies beside it may be somebody else's
        files, name = [file for file in files if file.name == path.name], path.stem
    return _in_home(_Home(folder, str(path.parent), name, files=files))


def _called(folder: Path) -> str:
    return os.path.basename(os.path.abspath(folder))


# -- one tree --------------------------------------------------------------------------------------


@dataclass
class _Home:
    """All that one student has handed in.

    Args:
        tree: where it is.
        place: the path of the tree, for messages.
        name: what to call it.
        above: the folders of the tree that it lies in.
        files: its files, with their whole paths in the tree.
        student: whose it is.
        packed: whether it comes out of an archive of the student's.
    """

    tree: Tree
    place: str
    name: str
    above: tuple[str, ...] = ()
    files: list[File] = field(default_factory=list)
    student: Student = Student()
    packed: bool = False

    def path(self, file: File) -> str:
        """Return where a file is, for messages."""
        return "/".join((self.place, *file.parts))

    @property
    def whose(self) -> str:
        """The same for all that one student has handed in."""
        if self.student.number:
            return f"{self.student.platform}\n{self.student.number}"
        return "\n".join((self.place, *self.above, self.name))

    @property
    def shown(self) -> str:
        """Where it is, for messages, safe to show."""
        if len(self.files) == 1 and not self.above:
            return visible(self.path(self.files[0]), None)
        return visible("/".join((self.place, *self.above)), None)

    @property
    def too_many(self) -> bool:
        """Whether it holds more files than anybody looks at."""
        return len(self.files) > MAX_FILES


def _in_tree(tree: Tree, place: str, name: str, *, packed: bool) -> Iterator[HandedIn]:
    """Yield what a tree holds, of one student or of many.

    Args:
        place: its path.
        name: what to call it.
        packed: whether it is an archive; the folders of one may be of one student.
    """
    homes: dict[tuple[str, ...], _Home] = {}
    students: dict[tuple[str, ...], Student] = {}
    at_top = []
    for file in tree.files():
        if _is_gradescopes_list(file):
            students |= _listed_students(tree, file)
            continue
        above, student = _whose(file)
        if not above:
            at_top.append(file)
            continue
        home = homes.setdefault(above, _Home(tree, place, above[-1], above, student=student))
        if not home.too_many:
            home.files.append(file)
    for folder in tree.folders():  # who has handed in nothing is there, too
        above, student = _whose(File((folder, "")))
        if not _GRADESCOPE_EXPORT.fullmatch(folder):
            homes.setdefault(above, _Home(tree, place, above[-1], above, student=student))
    is_export = any(home.student.number for home in homes.values())
    programs = [file for file in at_top if _is_program(file)]
    if any(file.name.lower() == SERVER for file in programs) or (
        packed and not is_export and (programs or len(homes) < 2)
    ):
        everything = at_top + [file for home in homes.values() for file in home.files]
        yield from _in_home(_Home(tree, place, name, files=everything, packed=packed))
        return
    for file in at_top:
        if file.kind != "file" or file.name.lower().endswith((".py", ".ipynb", ".zip")):
            stem = file.name.rpartition(".")[0] or file.name
            homes[file.parts] = _Home(tree, place, stem, files=[file])
    for above, home in sorted(homes.items()):
        home.student = students.get(above, home.student)
        home.name = home.student.name or (f"{name}/{home.name}" if packed else home.name)
        yield from _in_home(home)


def _whose(file: File) -> tuple[tuple[str, ...], Student]:
    """Return the folders that say whose a file is, and what they say of the student.

    Only the uppermost folders can: the names below them are the student's own.
    """
    first, *below = file.parts
    if found := _MOODLE.fullmatch(first):
        return (f"{found[1]}_{found[2]}",), Student(found[1], found[2], platform="moodle")
    at = 1 if _GRADESCOPE_EXPORT.fullmatch(first) and below else 0
    if (found := _GRADESCOPE.fullmatch(file.parts[at])) and at < len(file.parts) - 1:
        return file.parts[: at + 1], Student(number=found[1], platform="gradescope")
    return (first,) if below else (), Student()


def _is_gradescopes_list(file: File) -> bool:
    *above, name = file.parts
    return name == _GRADESCOPE_LIST and all(map(_GRADESCOPE_EXPORT.fullmatch, above))


def _listed_students(tree: Tree, file: File) -> dict[tuple[str, ...], Student]:
    """Return the students that Gradescope's list names, by their folders."""
    import yaml

    try:
        value = yaml.safe_load(tree.read(file, MAX_LIST_BYTES))
    except (Unreadable, yaml.YAMLError, RecursionError, ValueError):
        return {}  # then they go by their numbers
    found = {}
    for folder, facts in value.items() if isinstance(value, dict) else ():
        people = facts.get(":submitters") if isinstance(facts, dict) else None
        people = [one for one in people or () if isinstance(one, dict)]
        number = _GRADESCOPE.fullmatch(str(folder))
        found[(*file.parts[:-1], str(folder))] = Student(
            _all_of(people, ":name"),
            number[1] if number else "",
            _all_of(people, ":email"),
            platform="gradescope",
        )
    return found


def _all_of(people: Iterable[dict[str, Any]], key: str) -> str:
    return ", ".join(str(one[key]) for one in people if one.get(key))


# -- one student -----------------------------------------------------------------------------------


def _in_home(home: _Home) -> Iterator[HandedIn]:
    """Yield the servers of one student, or the one reason why there is none."""
    if reason := _refused(home):
        yield HandedIn(home.name, _refusal(reason), home.student)
        return
    files = [file for file in home.files if not _is_scratch(home, file)]
    servers = _servers(files)
    for file in servers:
        inside = file.parts[len(home.above) : -1] if len(servers) > 1 else ()
        name = "/".join([home.name, *inside])
        yield HandedIn(name, _reader(home, file), home.student, home.whose)
    archives = [file for file in files if file.name.lower().endswith(".zip")]
    if not servers and archives and not home.packed:
        for file in archives:
            yield from _in_archive(home, file)
    elif not servers:
        yield HandedIn(home.name, _refusal(_why_none(home, files)), home.student)


def _refused(home: _Home) -> str:
    """Return why nothing of a student's is looked at, "" where there is no reason."""
    if home.too_many:
        text = _("{path} holds more than {count} files, which no exercise asks for.")
        return text.format(path=home.shown, count=MAX_FILES)
    for file in home.files:
        if file.kind == "outside":
            text = _("{path} holds a name that leads out of it: {name}.")
            return text.format(path=home.shown, name=visible("/".join(file.parts)))
    return ""


def _servers(files: list[File]) -> list[File]:
    """Return which of a student's files are servers: those of that name, else the only program."""
    programs = [file for file in files if _is_program(file)]
    named = [file for file in programs if _name(file).lower() == SERVER]
    return named or (programs if len(programs) == 1 else [])


def _is_program(file: File) -> bool:
    return file.name.lower().endswith(".py")


def _name(file: File) -> str:
    """Return the name that a file had before Moodle put the student's name in front of it."""
    found = _MOODLE.fullmatch(file.name) if len(file.parts) == 1 else None
    return found[4] if found else file.name


def _is_scratch(home: _Home, file: File) -> bool:
    """Tell whether a file is none that was handed in as a server."""
    moodle = _MOODLE.fullmatch(file.parts[0])
    no_file = moodle is not None and moodle[3] != "file"
    return no_file or any(part in _SCRATCH for part in file.parts[len(home.above) : -1])


def _why_none(home: _Home, files: list[File]) -> str:
    links = [file for file in files if file.kind != "file"]
    if links:
        return _not_a_file(visible(home.path(links[0]), None), links[0])
    names = sorted({_name(file) for file in files if _is_program(file)})
    if names:
        text = _("{path} holds several Python files and none is called server.py: {names}.")
        return text.format(path=home.shown, names=visible(", ".join(names)))
    if any(file.name.lower().endswith(".ipynb") for file in files):
        text = _("{path}: the server.py that belongs beside the notebook is missing.")
        return text.format(path=home.shown)
    return _("{path} holds no server.py.").format(path=home.shown)


def _in_archive(home: _Home, file: File) -> Iterator[HandedIn]:
    """Yield the servers in an archive that a student has handed in."""
    tree = _Packed(home, file)
    try:
        files = list(tree.files())
    except BadServer as error:
        yield HandedIn(home.name, _refusal(str(error)), home.student)
        return
    place = home.path(file)
    for one in _in_home(_Home(tree, place, home.name, (), files, home.student, packed=True)):
        yield replace(one, whose=home.whose)


class _Packed:
    """The files in an archive that lies in another tree; it is in memory only while it is read."""

    def __init__(self, home: _Home, file: File) -> None:
        self._home, self._file = home, file

    def files(self) -> Iterator[File]:
        """Yield the files; raises `BadServer` where the archive cannot be read."""
        return self._archive().files()

    def folders(self) -> Iterator[str]:
        """Yield the names of the uppermost folders."""
        return self._archive().folders()

    def read(self, file: File, limit: int) -> bytes:
        """Return the first `limit` bytes of a file."""
        return self._archive().read(file, limit)

    def _archive(self) -> Archive:
        shown = visible(self._home.path(self._file), None)
        if self._file.kind != "file":
            raise BadServer(_not_a_file(shown, self._file))
        try:
            data = self._home.tree.read(self._file, MAX_ARCHIVE_BYTES + 1)
            if len(data) <= MAX_ARCHIVE_BYTES:
                return Archive(data)
        except Unreadable as error:
            raise BadServer(_spoilt(shown, error)) from None
        text = _("{path} is larger than {megabytes} MB, which no exercise needs.")
        raise BadServer(text.format(path=shown, megabytes=MAX_ARCHIVE_BYTES // 1024**2))


def _reader(home: _Home, file: File) -> Callable[[], Submission]:
    """Return what reads a server and the files beside it."""

    def read(wanted: File) -> bytes:
        shown = visible(home.path(wanted), None)
        if wanted.kind != "file":
            raise BadServer(_not_a_file(shown, wanted))
        try:
            data = home.tree.read(wanted, MAX_BYTES + 1)
        except Unreadable as error:
            raise BadServer(_spoilt(shown, error)) from None
        if len(data) > MAX_BYTES:
            raise too_large(shown)
        return data

    def companions() -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for other in home.files:
            name = _name(other)
            if other.parts[:-1] != file.parts[:-1] or other == file or len(found) == MAX_COMPANIONS:
                continue
            if name.endswith(COMPANIONS) and is_plain(name) and name != _name(file):
                try:
                    found[name] = read(other)
                except BadServer:  # the server may do without it
                    continue
        return found

    def read_all() -> Submission:
        name, path = _name(file), home.path(file)
        if not is_plain(name):
            text = _("{path} has a name that not every system can write.")
            raise BadServer(text.format(path=visible(path)))
        return made_of(path, name, read(file), companions)

    return read_all


def _refusal(text: str) -> Callable[[], Submission]:
    def refuse() -> Submission:
        raise BadServer(text)

    return refuse


def _spoilt(shown: str, error: Unreadable) -> str:
    text = _("{path} cannot be read: {reason}.")
    return text.format(path=shown, reason=visible(str(error).rstrip("."), None))


def _not_a_file(shown: str, file: File) -> str:
    if file.kind == "link":
        return _("{path} is a link and not a file; links are not followed.").format(path=shown)
    return _("{path} is not an ordinary file.").format(path=shown)


def _without_doubles(found: list[HandedIn]) -> list[HandedIn]:
    """Return the same with names of which no two are alike."""
    count = Counter(one.name for one in found)
    named: list[HandedIn] = []
    taken: set[str] = set()
    for one in found:
        name = one.name
        if count[name] > 1 and one.student.number:
            name = f"{name} ({one.student.number})"
        at = 2
        while name in taken:
            name = f"{one.name} ({at})"
            at += 1
        taken.add(name)
        named.append(replace(one, name=name))
    return named
