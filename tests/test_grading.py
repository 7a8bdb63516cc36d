"""A grading run: each submission once, kept when it is known, whatever happens to the run."""

import contextlib
import dataclasses
import json
import os
import signal

import pytest
from classes import DEAD, MUTE, RIGHT, by_name, graded, grading, handed_in
from helpers import environment, family, gone, run, submission, until

from autograder import grade_command
from autograder import grading as module
from autograder.grading import Checked, Grading, NotIsolated, Settings, Task, check, is_enough
from autograder.intake import HandedIn
from autograder.lane import cores
from autograder.sandbox import Sandbox
from autograder.submission import BadServer

SETTINGS = Settings(("threading",), "en")


def several(folder, count):
    """Return a class of `count` students whose servers differ and are dead."""
    return handed_in(folder, **{f"s{n:03}": f"{DEAD}# {n}\n" for n in range(count)})


def files_of(folder):
    """Return what stands for the results in a run's folder, by name: a new one has another."""
    with contextlib.suppress(FileNotFoundError):
        entries = [(entry.name, entry.stat()) for entry in os.scandir(folder / "results")]
        return {
            name: (stat.st_ino, stat.st_mtime_ns)
            for name, stat in entries
            if not name.startswith(".")  # one that is being written
        }
    return {}


def one(name, source="pass"):
    """Return something handed in."""
    return HandedIn(name, lambda: submission(source))


def checked(**facts):
    """Return what a check gives, made up."""
    result = {"isolation": "bubblewrap", "error_file": None, "challenges": [], **facts}
    return Checked(result, "<p>", "")


def done_by(monkeypatch, function):
    """Let `function` stand in for the work of all workers, in this process."""
    calls = []

    def run_all(_check, tasks, **_more):
        for task in tasks:
            calls.append(task)
            outcome = module_outcome(function, task)
            yield task, outcome

    monkeypatch.setattr(module, "run_all", run_all)
    return calls


def module_outcome(function, task):
    from autograder.batch import Outcome

    try:
        return Outcome(function(task), None)
    except Exception as error:
        return Outcome(None, error)


def advance_into(counts):
    def advance(*, failed=False):
        counts.append(failed)

    return advance


# -- the command -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def a_class(tmp_path_factory):
    """A class that was graded: where it is, where results are, and the document."""
    folder = tmp_path_factory.mktemp("class")
    handed_in(folder, siti=RIGHT, budi=MUTE, dewi=DEAD, eko=RIGHT)
    (folder / "fajar").mkdir()
    output = folder / "out"
    words = (folder, "--challenge", "threading", "--challenge", "lists", "--output", output)
    return folder, output, words, graded(*words, code=1)


def test_each_has_a_result_and_the_level_in_force(a_class):
    _folder, output, _words, document = a_class
    everybody = by_name(document)

    assert list(everybody) == ["budi", "dewi", "eko", "fajar", "siti"]
    assert document["challenges"] == ["threading", "lists"]
    assert [everybody[name].get("points") for name in everybody] == [0, 0, 15, None, 15]
    assert everybody["fajar"]["state"] == "refused"
    assert everybody["fajar"]["reason"].endswith("fajar holds no server.py.")
    for name in ("siti", "budi", "dewi"):
        record = json.loads((output / everybody[name]["result"]).read_text(encoding="utf-8"))
        assert record["isolation"] == everybody[name]["isolation"] == "bubblewrap"
        assert record["points"] == everybody[name]["points"]
        assert (output / everybody[name]["report"]).read_text(encoding="utf-8")
    assert json.loads((output / "results.json").read_text(encoding="utf-8")) == document


def test_the_same_server_is_checked_once_whoever_handed_it_in(a_class):
    _folder, output, _words, document = a_class
    everybody = by_name(document)

    assert everybody["siti"]["result"] == everybody["eko"]["result"]
    assert len(files_of(output)) == 3
    for name in ("siti", "fajar"):  # whose it is stands nowhere in what is shared
        assert name not in (output / everybody["siti"]["result"]).read_text(encoding="utf-8")


def test_what_has_not_changed_is_not_graded_again(a_class):
    folder, output, words, document = a_class
    before = files_of(output)
    assert graded(*words, code=1) == document
    assert files_of(output) == before

    (folder / "budi" / "server.py").write_text(MUTE + "# changed\n")
    (folder / "budi" / "words.txt").write_text("beside it")
    after = by_name(graded(*words))
    assert after["siti"] == by_name(document)["siti"]
    assert after["budi"]["result"] != by_name(document)["budi"]["result"]
    assert set(before.items()) < set(files_of(output).items())
    (folder / "budi" / "server.py").write_text(MUTE)
    (folder / "budi" / "words.txt").unlink()


def test_in_words_for_a_person(a_class):
    _folder, output, words, _document = a_class
    done = run("grade", *words, "--lang", "en")

    assert done.returncode == 1 and done.stderr == ""
    first, *others = done.stdout.splitlines()
    assert first == "4 submissions graded, 3 results of earlier runs among them."
    assert others[0] == "Full marks: 2 of 4. Median: 7.5 of 15 points."
    assert others[1:3] == ["Isolation: bubblewrap", "Without a result:"]
    assert others[3].startswith("  fajar: ") and others[3].endswith("fajar holds no server.py.")
    assert others[-2].startswith(f"Written to {output}: ")
    assert others[-1] == f"Open this in a browser: {output / 'index.html'}"


def test_rerun_grades_everything_anew(a_class):
    _folder, output, words, document = a_class
    before = files_of(output)
    again = graded(*words, "--rerun", code=1)

    after = files_of(output)
    for one in document["submissions"]:
        if one["state"] == "graded":
            name = one["result"].rpartition("/")[2]
            assert after[name] != before[name]
    assert [one["name"] for one in again["submissions"]] == list(by_name(document))


def test_full_marks_end_with_0_and_options_may_stand_anywhere(tmp_path):
    handed_in(tmp_path, siti=RIGHT, budi=RIGHT + "#\n")
    document = graded(
        tmp_path / "siti", "--challenge", "threading", tmp_path / "budi" / "server.py",
        "--output", tmp_path / "out", "--seed", "7", "--workers", "1", code=0,
    )  # fmt: skip

    assert {name: one["seed"] for name, one in by_name(document).items()} == {"siti": 7, "budi": 7}


def test_killed_it_goes_on_where_it_was(tmp_path):
    folder, output = several(tmp_path / "class", 30), tmp_path / "out"
    words = (folder, "--challenge", "threading", "--output", output, "--workers", "2")
    process = grading(*words)
    with process:
        until(lambda: len(files_of(output)) >= 3, "three results")
        everybody = family(process.pid)
        process.kill()
    until(lambda: all(map(gone, everybody)), "nobody is left")
    kept = files_of(output)
    assert 3 <= len(kept) < 30

    document = graded(*words, code=1)

    assert {one["state"] for one in document["submissions"]} == {"graded"}
    now = files_of(output)
    assert len(now) == 30
    assert kept.items() <= now.items(), "what was there has not been graded again"


def test_interrupted_it_ends_at_once_and_keeps_what_is_done(tmp_path):
    folder, output = several(tmp_path / "class", 30), tmp_path / "out"
    process = grading(
        folder, "--challenge", "threading", "--output", output, start_new_session=True
    )
    with process:
        until(lambda: len(files_of(output)) >= 2, "two results")
        everybody = family(process.pid)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _out, error = process.communicate(timeout=60)
    assert process.returncode == 130 and error == "Stopped.\n"
    until(lambda: all(map(gone, everybody)), "nobody is left")
    assert 2 <= len(files_of(output)) < 30


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Grade what?"),
        (["gone"], "There is no gone."),
        (["."], "There is nothing to grade in ."),
        ([".", "--challenge", "pn"], "Did you mean “pm”?"),
        ([".", "--workers", "0"], "'0' is no count"),
        ([".", "--no-sandbox", "--require-isolation", "process"], "not allowed with argument"),
        ([".", "--require-isolation", "vm"], "invalid choice: 'vm'"),
    ],
)
def test_wrong_words_are_said_in_one_sentence(tmp_path, words, said):
    done = run("grade", *words, cwd=tmp_path)

    assert done.returncode == 2 and done.stdout == ""
    assert said in done.stderr and done.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_results_that_cannot_be_written_are_said_in_one_sentence(tmp_path):
    handed_in(tmp_path / "class", siti=DEAD)
    (tmp_path / "out").write_text("in the way")
    done = run(
        "grade", tmp_path / "class", "--challenge", "threading", "--output", tmp_path / "out"
    )

    assert done.returncode == 2 and "The results cannot be written to" in done.stderr
    assert done.stderr.count("\n") == 1


# -- isolation -------------------------------------------------------------------------------------


def test_without_a_sandbox_nothing_is_graded_unless_it_is_told_to(tmp_path):
    handed_in(tmp_path / "class", siti=DEAD)
    words = ("grade", tmp_path / "class", "--challenge", "threading", "--output", tmp_path / "out")
    without = environment("sandbox")

    refused = run(*words, env=without)
    assert refused.returncode == 2 and not (tmp_path / "out").exists()
    assert "no sandbox" in refused.stderr and "--no-sandbox" in refused.stderr
    for more in ("--no-sandbox", "--require-isolation=process"):
        done = run(*words, more, "--json", env=without)
        (siti,) = json.loads(done.stdout)["submissions"]
        assert done.returncode == 1 and siti["isolation"] == "process"


def test_told_to_do_without_it_does_without(tmp_path):
    handed_in(tmp_path / "class", siti=DEAD)
    words = (tmp_path / "class", "--challenge", "threading", "--output", tmp_path / "out")

    (weak,) = graded(*words, "--no-sandbox")["submissions"]
    (strong,) = graded(*words)["submissions"]
    assert (weak["isolation"], strong["isolation"]) == ("process", "bubblewrap")
    assert weak["result"] != strong["result"], "one does not stand for the other"
    (any_will_do,) = graded(*words, "--require-isolation", "process")["submissions"]
    assert any_will_do == strong


@pytest.mark.parametrize(("large", "workers"), [(4, None), (3, 2 * cores())])
def test_a_large_class_gets_more_processes(tmp_path, monkeypatch, large, workers):
    several(tmp_path / "class", 3)
    seen = []
    monkeypatch.setattr(grade_command, "LARGE", large)
    monkeypatch.setattr(grade_command, "processes_ahead", lambda *_how: contextlib.nullcontext())
    monkeypatch.setattr(grade_command, "run", lambda _g, _all, work, _p: seen.append(work.workers))
    monkeypatch.setattr(grade_command, "write_outputs", lambda *_what: {})
    monkeypatch.setattr(grade_command, "told", lambda *_what: "")
    settings = Settings(("threading",), "en", isolation="process")
    grade_command.grade([str(tmp_path / "class")], tmp_path / "out", settings)
    assert seen == [workers]


def test_levels():
    assert is_enough("bubblewrap", "bubblewrap") and is_enough("bubblewrap", "process")
    assert is_enough("process", "process") and not is_enough("process", "bubblewrap")
    assert not is_enough("", "process")


def test_a_worker_without_a_sandbox_runs_nothing(monkeypatch):
    monkeypatch.setattr(module, "isolation_here", lambda: ("process", "it is switched off"))
    task = Task("0" * 32, submission("open('/tmp/ran', 'w')"), SETTINGS)

    with pytest.raises(NotIsolated, match="it is switched off"):
        check(task)


def test_a_sandbox_that_fails_later_does_not_make_a_result(monkeypatch):
    """The machine says that it has one, and what starts there has none."""
    monkeypatch.setattr(module.sandbox, "likely", lambda: Sandbox("process"))

    with pytest.raises(NotIsolated):
        check(Task("0" * 32, submission(DEAD), SETTINGS))


# -- what is kept ----------------------------------------------------------------------------------


def test_a_weaker_result_of_before_does_not_do(tmp_path, monkeypatch):
    wanted = "process"
    for wanted, count in (("process", 1), ("process", 0), ("bubblewrap", 1), ("bubblewrap", 0)):
        calls = done_by(monkeypatch, lambda _task, level=wanted: checked(isolation=level))
        settings = dataclasses.replace(SETTINGS, isolation=wanted)
        Grading(tmp_path, settings).run([one("siti")], advance_into([]))
        assert len(calls) == count, wanted


def test_where_the_grader_failed_it_tries_again(tmp_path, monkeypatch):
    def fails(_task):
        raise ValueError("a mistake of ours")

    done_by(monkeypatch, fails)
    told = []
    grading = Grading(tmp_path, SETTINGS)
    grading.run([one("siti"), one("budi", "1")], advance_into(told))
    assert told == [True, True]
    assert {row.state for row in grading.rows} == {"error"}
    path = tmp_path / "errors" / f"{grading.rows[0].key}.txt"
    assert "a mistake of ours" in path.read_text(encoding="utf-8")
    assert grading.rows[0].reason.endswith(f"Details: errors/{grading.rows[0].key}.txt")
    assert list(grading.results()) == [(row, {}) for row in grading.rows]

    calls = done_by(monkeypatch, lambda _task: checked(error_file="errors/x.txt"))
    Grading(tmp_path, SETTINGS).run([one("siti")], advance_into([]))
    Grading(tmp_path, SETTINGS).run([one("siti")], advance_into([]))
    assert len(calls) == 2, "a result with a mistake of ours in it is not the last word"


def test_what_is_written_tells_of_a_failure_of_the_grader(tmp_path):
    """A challenge that cannot be loaded: nobody's points, and the run ends with 3."""
    handed_in(tmp_path / "class", siti=RIGHT)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import autograder.checking as checking\n"
        "def fail(_name): raise RuntimeError('a broken challenge')\n"
        "checking.stories_of = fail\n"
    )
    path = os.pathsep.join([str(broken), environment()["PYTHONPATH"]])
    words = (tmp_path / "class", "--challenge", "threading", "--output", tmp_path / "out")
    document = graded(*words, code=3, env=environment(PYTHONPATH=path))

    (siti,) = document["submissions"]
    text = (tmp_path / "out" / siti["error_file"]).read_text(encoding="utf-8")
    assert "a broken challenge" in text
    done = run("grade", *words, env=environment(PYTHONPATH=path))
    assert "The grader itself failed with 1 submission" in done.stdout and done.returncode == 3
    # repaired, it is graded as if nothing had been
    assert graded(*words, code=0)["submissions"][0]["points"] == 5


def test_who_is_refused_is_told_of_and_costs_nobody_else(tmp_path, monkeypatch):
    def refuse():
        raise BadServer("no")

    calls = done_by(monkeypatch, lambda _task: checked())
    told = []
    grading = Grading(tmp_path, SETTINGS)
    same = [HandedIn("budi", refuse), one("siti"), one("eko")]
    grading.run(same, advance_into(told))

    assert [(row.name, row.state, row.reason) for row in grading.rows] == [
        ("budi", "refused", "no"),
        ("siti", "graded", ""),
        ("eko", "graded", ""),
    ]
    assert len(calls) == 1 and sorted(told) == [False, False, True]


@pytest.mark.parametrize(
    "change",
    [{"challenges": ("pm",)}, {"language": "id"}, {"seed": 1}, {"sandboxed": False}],
)
def test_a_result_is_that_of_its_settings(change):
    server = submission("pass")

    assert dataclasses.replace(SETTINGS, **change).key(server) != SETTINGS.key(server)
