"""What was handed in is found, whoever packed it; what is no server is refused in one sentence."""

import io
import os
import stat
import zipfile

import pytest

from autograder import intake
from autograder.i18n import speaking
from autograder.intake import NothingThere, Student, find
from autograder.submission import MAX_BYTES, BadServer
from autograder.trees import Archive, File, Folder

SERVER = b"import socket\n"


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


def laid(folder, files):
    """Write files (content by path) into a folder and return it."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def zipped(files, mode=0o644, kind=stat.S_IFREG, how=zipfile.ZIP_DEFLATED):
    """Return a zip archive with files (content by path)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = how
            info.external_attr = (kind | mode) << 16
            archive.writestr(info, data)
    return out.getvalue()


def packed(folder, name, files):
    """Write a zip archive and return its path."""
    path = folder / name
    path.write_bytes(zipped(files))
    return path


def found(*paths, **more):
    """Return what is found: the files that each is graded with, or why it is not, by name."""
    result = {}
    for one in find([str(path) for path in paths], **more):
        try:
            result[one.name] = one.read().files
        except BadServer as error:
            result[one.name] = str(error)
            assert "\n" not in result[one.name] and "\x1b" not in result[one.name]
    return result


BOTH = pytest.mark.parametrize("way", ["folder", "archive"])


def class_of(way, tmp_path, files):
    """Return a folder or an archive called `class` with files."""
    if way == "folder":
        return laid(tmp_path / "class", files)
    return packed(tmp_path, "class.zip", files)


# -- where a server may be -------------------------------------------------------------------------


def test_a_folder_of_each_student(tmp_path):
    laid(
        tmp_path,
        {
            "siti/server.py": SERVER,
            "siti/helpers.py": b"1",
            "budi/pm/server.py": SERVER + b"#",
            "dewi/chat.py": SERVER,
            "eko/Server.py": SERVER,
        },
    )

    assert found(tmp_path) == {
        "budi": {"server.py": SERVER + b"#"},
        "dewi": {"chat.py": SERVER},
        "eko": {"Server.py": SERVER},
        "siti": {"server.py": SERVER, "helpers.py": b"1"},
    }


def test_one_server_however_it_is_named(tmp_path, monkeypatch):
    folder = laid(tmp_path / "siti", {"server.py": SERVER, "words.txt": b"x", "pm.ipynb": b"{}"})
    expected = {"siti": {"server.py": SERVER, "words.txt": b"x"}}

    assert found(folder) == found(folder / "server.py") == found(folder / "pm.ipynb") == expected
    monkeypatch.chdir(folder)
    assert found("server.py") == found(".") == found("pm.ipynb") == expected


def test_files_side_by_side_are_of_several_students_and_none_gets_anothers(tmp_path):
    laid(tmp_path, {"siti.py": SERVER, "budi.py": b"#\n", "words.txt": b"x"})
    expected = {"budi": {"budi.py": b"#\n"}, "siti": {"siti.py": SERVER}}

    assert found(tmp_path) == expected
    assert found(tmp_path / "budi.py", tmp_path / "siti.py") == expected


def test_several_servers_of_one_student(tmp_path):
    laid(tmp_path / "c", {"siti/folder_a/server.py": SERVER, "siti/folder_b/server.py": b"#\n"})

    assert found(tmp_path / "c") == {
        "siti/folder_a": {"server.py": SERVER},
        "siti/folder_b": {"server.py": b"#\n"},
    }


def test_what_was_not_handed_in_is_not_looked_at(tmp_path):
    laid(
        tmp_path / "class",
        {
            "siti/server.py": SERVER,
            "siti/work/server.py": b"1",
            "siti/.ipynb_checkpoints/server.py": b"2",
            "siti/__pycache__/server.py": b"3",
            "siti/__MACOSX/server.py": b"4",
            "results/reports/server.py": b"5",
        },
    )

    everything = found(tmp_path / "class", leave_out=tmp_path / "class" / "results")
    assert everything == {"siti": {"server.py": SERVER}}


def test_an_archive_of_one_student(tmp_path):
    assert found(packed(tmp_path, "siti.zip", {"server.py": SERVER, "a/b.py": b"1"})) == {
        "siti": {"server.py": SERVER}
    }
    assert found(packed(tmp_path, "budi.zip", {"pm/server.py": SERVER, "pm/x.py": b"1"})) == {
        "budi": {"server.py": SERVER, "x.py": b"1"}
    }
    archive = packed(tmp_path, "dewi.zip", {"a/server.py": SERVER, "b/server.py": b"#\n"})
    assert set(found(archive)) == {"dewi/a", "dewi/b"}


def test_who_has_handed_in_nothing_is_there_too(tmp_path):
    folder = laid(tmp_path / "class", {"siti/server.py": SERVER})
    (folder / "budi").mkdir()
    (folder / "Dewi_5_assignsubmission_file_").mkdir()
    laid(folder, {"eko/.hidden": b""})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.mkdir("budi")
        archive.writestr("siti/server.py", SERVER)
    (tmp_path / "all.zip").write_bytes(out.getvalue())

    assert {name: one for name, one in found(folder).items() if name != "siti"} == {
        "Dewi": f"{folder}/Dewi_5 holds no server.py.",
        "budi": f"{folder}/budi holds no server.py.",
        "eko": f"{folder}/eko holds no server.py.",
    }
    assert set(found(tmp_path / "all.zip")) == {"all/budi", "all/siti"}


def test_an_archive_of_each_student(tmp_path):
    laid(
        tmp_path / "class",
        {
            "siti.zip": zipped({"pm/server.py": SERVER}),
            "budi/all.zip": zipped({"server.py": b"#\n", "x.txt": b"1"}),
        },
    )

    assert found(tmp_path / "class") == {
        "budi": {"server.py": b"#\n", "x.txt": b"1"},
        "siti": {"server.py": SERVER},
    }


def test_an_archive_of_everybody(tmp_path):
    archive = packed(
        tmp_path,
        "class.zip",
        {"siti/server.py": SERVER, "budi.zip": zipped({"server.py": b"#\n"}), "dewi/x.txt": b""},
    )

    assert found(archive) == {
        "class/budi": {"server.py": b"#\n"},
        "class/dewi": f"{archive}/dewi holds no server.py.",
        "class/siti": {"server.py": SERVER},
    }


MOODLE = {
    "Siti Aminah_100001_assignsubmission_file_/server.py": SERVER,
    "Siti Aminah_100001_assignsubmission_file_/helpers.py": b"1",
    "Budi_S_100002_assignsubmission_file_server.py": b"#2\n",
    "Budi_S_100002_assignsubmission_file_words.txt": b"x",
    "Siti Aminah_100003_assignsubmission_file_/all.zip": zipped({"pm/server.py": b"#3\n"}),
    "Dewi_100004_assignsubmission_file_/Budi_100002_assignsubmission_file_/server.py": b"#4\n",
    "Fajar_100006_assignsubmission_file_Budi_S_100002_assignsubmission_file_server.py": b"#6\n",
    "Eko_100005_assignsubmission_file_/report.pdf": b"%PDF",
    "Eko_100005_assignsubmission_onlinetext_/onlinetext.html": b"<p>",
    "Gita_100007_assignsubmission_onlinetext_server.py": b"<p>",
}


@BOTH
def test_moodles_layout(tmp_path, way):
    place = class_of(way, tmp_path, MOODLE)

    assert found(place) == {
        "Siti Aminah (100001)": {"server.py": SERVER, "helpers.py": b"1"},
        "Budi_S": {"server.py": b"#2\n", "words.txt": b"x"},
        "Siti Aminah (100003)": {"server.py": b"#3\n"},
        "Dewi": {"server.py": b"#4\n"},  # and not Budi, whatever Dewi calls her folders
        "Eko": f"{place}/Eko_100005 holds no server.py.",
        "Fajar": {"Budi_S_100002_assignsubmission_file_server.py": b"#6\n"},  # nor Fajar his files
        "Gita": f"{place}/Gita_100007 holds no server.py.",
    }
    students = {one.student for one in find([str(place)])}
    assert Student("Budi_S", "100002", platform="moodle") in students


GRADESCOPE_LIST = b"""\
submission_11:
  :submitters:
  - :name: Siti Aminah
    :sid: '123'
    :email: siti@example.com
  :created_at: 2026-11-02 08:00:00.000000000 Z
  :score: 0.0
submission_12:
  :submitters:
  - :name: Budi
    :email: budi@example.com
  - :name: Dewi
    :email:
"""


@BOTH
@pytest.mark.parametrize("root", ["", "assignment_9_export/"])
def test_gradescopes_layout(tmp_path, way, root):
    files = {
        f"{root}submission_metadata.yml": GRADESCOPE_LIST,
        f"{root}submission_11/server.py": SERVER,
        f"{root}submission_11/submission_99/server.py": b"#no\n",
        f"{root}submission_11/submission_metadata.yml": b"submission_12: {}",
        f"{root}submission_12/src/server.py": b"#\n",
        f"{root}submission_13/server.py": b"##\n",
    }
    place = class_of(way, tmp_path, files)

    everything = {one.name: one for one in find([str(place)])}
    assert everything["Siti Aminah"].student == Student(
        "Siti Aminah", "11", "siti@example.com", "gradescope"
    )
    assert everything["Budi, Dewi"].student.email == "budi@example.com"
    unlisted = [one for one in everything.values() if one.student.number == "13"]
    assert len(unlisted) == 1
    assert everything["Budi, Dewi"].read().files == {"server.py": b"#\n"}


@pytest.mark.parametrize(
    "broken", [b"\xff", b"[", b"- 1", b"a: !!python/object:os.x {}", b"[" * 5000, b"a: [1]"]
)
def test_a_spoilt_list_costs_names_and_nothing_else(tmp_path, broken):
    laid(tmp_path, {"submission_metadata.yml": broken, "submission_11/server.py": SERVER})

    assert found(tmp_path) == {"submission_11": {"server.py": SERVER}}


def test_names_are_different_whatever_they_come_from(tmp_path):
    laid(tmp_path, {"a/siti/server.py": SERVER, "b/siti/server.py": b"#\n"})
    paths = [tmp_path / "a" / "siti", tmp_path / "b" / "siti", tmp_path / "a" / "siti"]

    assert list(found(*paths)) == ["siti", "siti (2)", "siti (3)"]


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"notes.txt": b"x"}, "siti holds no server.py."),
        ({"a.py": SERVER, "b.py": SERVER}, "none is called server.py: a.py, b.py."),
        ({"pm.ipynb": b"{}"}, "the server.py that belongs beside the notebook is missing."),
        ({"server.py": b""}, "server.py is empty"),
        ({"server.py": b"\xff\xfe"}, "is not UTF-8 text"),
        ({"server.py": b"a\0"}, "is not a Python program but binary data"),
        ({"server.py": b"#" * (MAX_BYTES + 1)}, "server.py is larger than 512 kB"),
        ({"all.zip": b"PK"}, "all.zip cannot be read: File is not a zip file."),
        ({"all.zip": zipped({"x.zip": zipped({"server.py": b""})})}, "all.zip/x.zip holds no"),
        ({"all.zip": zipped({"../server.py": SERVER})}, "leads out of it: ../server.py."),
        ({"all.zip": zipped({"/etc/server.py": SERVER})}, "leads out of it: /etc/server.py."),
        ({"all.zip": zipped({"C:\\x\\server.py": SERVER})}, "leads out of it: C:/x/server.py."),
        ({"all.zip": zipped({"a\n\x1b[31m/server.txt": b""})}, "/server.txt holds no server.py."),
    ],
)
def test_one_that_is_no_server_is_refused_and_harms_no_other(tmp_path, files, reason):
    laid(tmp_path / "class" / "siti", files)
    laid(tmp_path / "class" / "budi", {"server.py": SERVER})

    everything = found(tmp_path / "class")

    assert everything["budi"] == {"server.py": SERVER}
    assert reason in everything["siti"]


def test_links_lead_nowhere(tmp_path):
    (tmp_path / "secret.py").write_bytes(b"42")
    (tmp_path / "elsewhere").mkdir()
    laid(tmp_path / "elsewhere", {"server.py": SERVER})
    folder = laid(tmp_path / "class", {"siti/x.txt": b"", "budi/server.py": SERVER})
    (folder / "siti" / "server.py").symlink_to(tmp_path / "secret.py")
    (folder / "budi" / "words.txt").symlink_to(tmp_path / "secret.py")
    (folder / "dewi").symlink_to(tmp_path / "elsewhere")
    (folder / "eko").mkdir()
    (folder / "eko" / "in").symlink_to(folder / "eko")

    everything = found(folder)

    assert everything["siti"].endswith(
        "siti/server.py is a link and not a file; links are not followed."
    )
    assert everything["budi"] == {"server.py": SERVER}
    assert "is a link" in everything["dewi"] and "is a link" in everything["eko"]


def test_links_in_an_archive_lead_nowhere_either(tmp_path):
    (tmp_path / "siti.zip").write_bytes(zipped({"server.py": b"/etc/passwd"}, kind=stat.S_IFLNK))

    assert "is a link" in found(tmp_path / "siti.zip")["siti"]


def test_pipes_and_devices_are_not_opened(tmp_path):
    folder = laid(tmp_path / "class", {"siti/a.txt": b""})
    os.mkfifo(folder / "siti" / "server.py")

    assert found(folder)["siti"].endswith("server.py is not an ordinary file.")


def test_an_archive_that_unpacks_to_much_is_read_to_the_limit(tmp_path, monkeypatch):
    (tmp_path / "siti.zip").write_bytes(zipped({"server.py": b"#" * (200 * 1024 * 1024)}))
    taken = []
    real = Archive.read
    monkeypatch.setattr(
        Archive,
        "read",
        lambda self, *more: taken.append(len(real(self, *more))) or b"#" * taken[-1],
    )

    assert (tmp_path / "siti.zip").stat().st_size < 300_000
    assert "larger than 512 kB" in found(tmp_path / "siti.zip")["siti"]
    assert taken == [MAX_BYTES + 1]


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packed_in_a_way_that_cannot_be_read_bit_by_bit_it_is_refused(tmp_path, how):
    (tmp_path / "siti.zip").write_bytes(zipped({"server.py": SERVER}, how=how))

    assert "packed in an unusual way" in found(tmp_path / "siti.zip")["siti"]


def test_an_archive_that_lies_about_a_file_or_is_spoilt_is_refused(tmp_path):
    data = bytearray(zipped({"server.py": SERVER * 50}, how=zipfile.ZIP_STORED))
    data[60] ^= 1  # a bit of the content: the checksum tells
    (tmp_path / "siti.zip").write_bytes(data)
    assert "Bad CRC-32" in found(tmp_path / "siti.zip")["siti"]

    locked = bytearray(zipped({"server.py": SERVER}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(signature) + flags] |= 1
    (tmp_path / "budi.zip").write_bytes(locked)
    assert "is encrypted" in found(tmp_path / "budi.zip")["budi"]


def test_an_archive_of_archives_of_archives_has_an_end(tmp_path):
    data = zipped({"server.py": SERVER})
    for _each in range(5):
        data = zipped({"more.zip": data})
    (tmp_path / "siti.zip").write_bytes(data)

    assert found(tmp_path / "siti.zip")["siti"].endswith("holds no server.py.")


def test_too_much_of_everything(tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "MAX_FILES", 20)
    monkeypatch.setattr(intake, "MAX_ARCHIVE_BYTES", 5000)
    laid(tmp_path / "class" / "siti", {f"{n}.txt": b"" for n in range(30)} | {"server.py": SERVER})
    laid(tmp_path / "class" / "budi", {"all.zip": zipped({"server.py": os.urandom(9000)})})
    laid(tmp_path / "class" / "dewi", {"/".join("a" * 40) + "/server.py": SERVER})

    everything = found(tmp_path / "class")

    assert everything["siti"].endswith("holds more than 20 files, which no exercise asks for.")
    assert "larger than 0 MB" in everything["budi"]
    assert "holds no server.py" in everything["dewi"]


@pytest.mark.parametrize("name", ["a\nb.py", "a\x1b]0;x\x07.py", "x" * 220 + ".py"])
def test_a_server_whose_name_cannot_be_written_everywhere(tmp_path, name):
    archive = packed(tmp_path, "siti.zip", {name: SERVER})

    assert "has a name that not every system can write" in found(archive)["siti"]
    # beside a server it is just not there
    archive = packed(tmp_path, "budi.zip", {name: SERVER, "server.py": SERVER})
    assert found(archive)["budi"] == {"server.py": SERVER}


def test_a_file_that_has_become_a_link_since_it_was_listed_is_not_followed(tmp_path):
    folder = laid(tmp_path / "class", {"siti/server.py": SERVER})
    (one,) = find([str(folder)])
    (folder / "siti" / "server.py").unlink()
    (folder / "siti" / "server.py").symlink_to("/etc/passwd")

    with pytest.raises(BadServer, match="cannot be read"):
        one.read()
    assert [file.kind for file in Folder(folder).files()] == ["link"]
    assert list(Folder(folder).files_at_top()) == []
    assert File(("a", "b.py")).name == "b.py"


# -- words that lead nowhere -----------------------------------------------------------------------


def test_a_path_that_leads_nowhere_is_said_at_once(tmp_path):
    laid(tmp_path, {"siti/server.py": SERVER, "report.pdf": b"%PDF"})
    (tmp_path / "empty").mkdir()

    with pytest.raises(NothingThere, match=r"There is no .*gone\. Is the name right"):
        find([str(tmp_path / "siti"), str(tmp_path / "gone")])
    with pytest.raises(NothingThere, match=r"report\.pdf is no folder, no Python file"):
        find([str(tmp_path / "report.pdf")])
    with pytest.raises(NothingThere, match="There is nothing to grade in"):
        find([str(tmp_path / "empty")])
