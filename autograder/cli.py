"""The `autograder` command.

Exit codes: 0 full marks, 1 something failed, 2 wrong usage, 3 grader error, 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from autograder import __version__
from autograder.i18n import LANGUAGES, _, language, use_language

if TYPE_CHECKING:
    from autograder.process import Launcher
    from autograder.results import CheckResult
    from autograder.submission import Submission

OK, FAILED, USAGE, GRADER_ERROR, INTERRUPTED = 0, 1, 2, 3, 130


class UsageError(Exception):
    """The person asked for something that cannot be; the text is one sentence with a way out."""


class Formatter(argparse.HelpFormatter):
    """Knows the width of its lines without `shutil`, which takes milliseconds to import."""

    def __init__(self, prog: str) -> None:
        try:
            width = os.get_terminal_size().columns
        except (OSError, ValueError):  # no terminal
            width = 80
        super().__init__(prog, width=width - 2)


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=Formatter, **options)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print together with a page of usage."""
        text = _("The command cannot be read ({reason}). Try: {command} --help")
        raise UsageError(text.format(reason=message, command=self.prog))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: the words after the command's name; None for those of the process.

    Returns:
        the exit code.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Windows' consoles do not know every letter
            stream.reconfigure(errors="replace")
    try:
        _choose_language(words)
        if words[:1] == ["check"]:
            gc.disable()  # it is over in a second, and throws little away
        launcher = _start_early(words)
        try:
            options = _parse(words)
            options.launcher = launcher
            code: int = options.run(options)
        finally:
            gc.enable()
            if launcher is not None:
                launcher.close()
        return code
    except UsageError as error:
        print(error, file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print(_("Stopped."), file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return GRADER_ERROR
    except Exception:
        return _grader_error()


def _choose_language(words: list[str]) -> None:
    """Use the language of `--lang` already for what is said about the other words."""
    for place, word in enumerate(words):
        value = word.partition("=")[2] if word.startswith("--lang=") else ""
        if word == "--lang" and place + 1 < len(words):
            value = words[place + 1]
        if value in LANGUAGES:
            use_language(value)
            return
    use_language(language())  # asked of the environment once, and not for each message


def _start_early(words: list[str]) -> Launcher | None:
    """Start the launcher of a check before anything else: it gets ready meanwhile.

    What is wrong with the words, or with the server, is said later, by those who read them.
    """
    servers = [word for word in words if word.endswith(".py") and not word.startswith("-")]
    if words[:1] != ["check"] or len(servers) != 1:
        return None
    from autograder.submission import BadServer, read_server

    try:
        submission = read_server(servers[0])
    except BadServer:
        return None
    from autograder.process import start_launcher

    return start_launcher(submission)


def _parse(words: list[str]) -> argparse.Namespace:
    """Read the words; options may stand anywhere, also between the names and the server."""
    parser = _parser()
    options, more = parser.parse_known_args(words)
    if more and hasattr(options, "paths") and not any(word.startswith("-") for word in more):
        options.paths += more
    elif more and hasattr(options, "challenge") and not any(word.startswith("-") for word in more):
        # argparse took the last word before an option for the server
        *names, options.server = [options.server, *more]
        options.challenge += names
    elif more:
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    return options


def _parser() -> Parser:
    parser = Parser(prog="autograder", description=_("Check chat servers."))
    parser.add_argument("--version", action="version", version=f"autograder {__version__}")
    commands = parser.add_subparsers(required=True, metavar=_("COMMAND"), parser_class=Parser)

    def command(name: str, text: str, run: object) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.add_argument("--lang", choices=LANGUAGES, help=_("the language of the report"))
        made.set_defaults(run=run)
        return made

    check = command("check", _("check one server against some challenges, or all"), _check)
    watch = command("watch", _("check again at each save"), _watch)
    for made in (check, watch):
        made.add_argument("challenge", nargs="+", help=_("names of challenges, or: all"))
        made.add_argument("server", help=_("the server's file, such as server.py"))
        made.add_argument("--seed", type=int, help=_("draw the names and texts of an earlier run"))
        made.add_argument(
            "--verbose", action="store_true", help=_("tell every failure in full, with all hints")
        )
    check.add_argument("--json", action="store_true", help=_("print the results as JSON"))
    check.add_argument(
        "--html", metavar=_("FILE"), help=_("also write the report as a page for the browser")
    )
    _add_grade(command("grade", _("grade what a class has handed in"), _grade))
    new = command("new", _("make a fresh copy of an exercise"), _new)
    new.add_argument("exercise", help=_("name of the exercise, such as modul_contoh"))
    new.add_argument("folder", nargs="?", help=_("where to; without it, a folder of its name"))
    site = command("site", _("run all lessons and write them as pages for the browser"), _site)
    site.add_argument(
        "folder", nargs="?", default="site", help=_("where to; without it, the folder site")
    )
    command("doctor", _("tell what works on this machine"), _doctor)
    return parser


def _add_grade(grade: argparse.ArgumentParser) -> None:
    grade.add_argument(
        "paths",
        nargs="*",
        metavar=_("PATH"),
        help=_("folders, Python files, notebooks and zip archives, also those of Moodle"),
    )
    grade.add_argument(
        "--challenge",
        dest="challenges",
        action="append",
        metavar=_("NAME"),
        help=_("grade this challenge, may be given several times; without it, all"),
    )
    grade.add_argument(
        "--output", default="results", metavar=_("FOLDER"), help=_("where results go")
    )
    who = grade.add_mutually_exclusive_group()
    who.add_argument(
        "--workers", type=_count, help=_("how many processes; without it, as many as are useful")
    )
    who.add_argument(
        "--cluster",
        metavar=_("ADDRESS"),
        help=_("let a Dask cluster do the work: its scheduler, such as tcp://host:8786"),
    )
    grade.add_argument(
        "--rerun", action="store_true", help=_("grade again what has been graded before")
    )
    isolation = grade.add_mutually_exclusive_group()
    isolation.add_argument(
        "--require-isolation",
        choices=("bubblewrap", "process"),
        default="bubblewrap",
        help=_("the weakest sandbox that will do"),
    )
    isolation.add_argument(
        "--no-sandbox", action="store_true", help=_("run students' programs even without a sandbox")
    )
    grade.add_argument("--seed", type=int, help=_("draw the names and texts of an earlier run"))
    grade.add_argument("--json", action="store_true", help=_("print the results as JSON"))
    grade.add_argument(
        "--course", action="store_true", help=_("grade an assignment of the nbgrader course here")
    )
    grade.add_argument("--assignment", metavar=_("NAME"), help=_("the assignment's name"))
    grade.add_argument(
        "--student", default="*", metavar=_("ID"), help=_("one student, or a pattern such as a*")
    )


def _count(word: str) -> int:
    """Return a number of things from a word of the command line."""
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(_("{word} is no count").format(word=ascii(word)))
    return int(word)


# -- commands -----------------------------------------------------------------------------------


def _check(options: argparse.Namespace) -> int:
    submission, challenges = _what_to_check(options)
    result = _run(
        submission, challenges, options.seed, quiet=options.json, launcher=options.launcher
    )
    if options.html:
        _write_page(options.html, result)
    if options.json:
        import json

        print(json.dumps(result.to_json(), ensure_ascii=False, indent=1))
    else:
        _show(result, options.verbose)
    return result.exit_code


def _what_to_check(options: argparse.Namespace) -> tuple[Submission, list[str]]:
    """Return the server and the challenges that the words stand for."""
    from autograder.checking import CHALLENGES, CHECKPOINTS, UnknownChallenge, resolve
    from autograder.submission import BadServer, read_server

    paths = [word for word in options.challenge if _looks_like_path(word)]
    if paths and _looks_like_path(options.server):
        text = _("One server at a time, please: {first} or {second}?")
        raise UsageError(text.format(first=ascii(paths[0]), second=ascii(options.server)))
    if options.server in (*CHALLENGES, *CHECKPOINTS, "all") and not os.path.exists(options.server):
        text = _("Which server? Its file comes last, such as: autograder check {names} server.py")
        raise UsageError(text.format(names=" ".join([*options.challenge, options.server])))
    try:
        challenges = resolve(options.challenge)
        return read_server(options.server), challenges
    except (UnknownChallenge, BadServer) as error:
        raise UsageError(str(error)) from None


def _looks_like_path(word: str) -> bool:
    return word.endswith(".py") or os.sep in word or "/" in word


def _run(
    submission: Submission,
    challenges: list[str],
    seed: int | None,
    *,
    quiet: bool,
    launcher: Launcher | None = None,
) -> CheckResult:
    """Run a check, showing progress on a terminal."""
    from autograder.checking import run_check

    with _progress(quiet) as progress:
        return run_check(
            challenges, submission, launcher, seed=seed, progress=progress, two_lanes=True
        )


@contextlib.contextmanager
def _progress(quiet: bool = False) -> Iterator[Callable[[int, int, str], None] | None]:
    """Give what shows in one line of a terminal what is done now, None where there is none."""
    if quiet or not sys.stderr.isatty():
        yield None
        return

    import shutil

    def progress(number: int, count: int, title: str) -> None:
        room = shutil.get_terminal_size().columns - 1
        line = f"[{number}/{count}] {title}"
        print(f"\r\x1b[K{line[:room]}", end="", file=sys.stderr, flush=True)

    try:
        yield progress
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _show(result: CheckResult, verbose: bool) -> None:
    import shutil

    from autograder.report_text import render

    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    width = min(shutil.get_terminal_size().columns, 100)
    print(render(result, width=width, colour=colour, verbose=verbose))


def _write_page(path: str, result: CheckResult) -> None:
    from autograder.report_html import page

    try:
        Path(path).write_text(page(result), encoding="utf-8")
    except OSError as error:
        text = _("The page cannot be written to {path}: {reason}.")
        raise UsageError(text.format(path=ascii(path), reason=error.strerror)) from None


def _watch(options: argparse.Namespace) -> int:
    from watchfiles import watch

    _what_to_check(options)  # a wrong word is said at once
    server = Path(options.server).absolute()
    code = OK

    def again() -> None:
        nonlocal code
        try:
            submission, challenges = _what_to_check(options)
        except UsageError as error:  # half saved, or empty for a moment
            print(error, file=sys.stderr)
            code = FAILED
            return
        result = _run(submission, challenges, options.seed, quiet=False)
        code = result.exit_code
        _show(result, options.verbose)
        text = _("Waiting for {path} to be saved again; Ctrl-C ends it.")
        print(text.format(path=options.server), flush=True)

    again()
    # the folder, because many editors write a new file and rename it
    changes = watch(
        server.parent,
        recursive=False,
        watch_filter=lambda _change, path: Path(path).name == server.name,
        raise_interrupt=False,
    )
    for _saved in changes:
        again()
    return code


def _grade(options: argparse.Namespace) -> int:
    if options.course and options.paths:
        raise UsageError(_("Either --course or paths, please: a course knows where its files are."))
    if options.course and options.cluster:
        raise UsageError(_("A course is graded on this machine: leave --cluster out."))
    from autograder import cgroup

    cgroup.divide()  # before other processes begin, which then are in our group
    if options.course:
        return _grade_course(options)
    if options.assignment:
        raise UsageError(_("An assignment belongs to a course: add --course"))
    if not options.paths:
        text = _(
            "Grade what? Try: autograder grade submissions/, or: autograder grade --course"
            " --assignment NAME"
        )
        raise UsageError(text)
    return _grade_paths(options)


def _grade_paths(options: argparse.Namespace) -> int:
    from autograder.checking import UnknownChallenge, resolve
    from autograder.grade_command import CannotGrade, Work, exit_code, grade
    from autograder.grading import Settings
    from autograder.intake import NothingThere

    try:
        settings = Settings(
            challenges=tuple(resolve(options.challenges or ["all"])),
            language=language(),
            isolation="process" if options.no_sandbox else options.require_isolation,
            sandboxed=not options.no_sandbox,
            seed=options.seed,
        )
        with contextlib.ExitStack() as stack:
            work = Work(options.workers)
            if options.cluster:
                from autograder.cluster import connected  # which is slow to import

                executor, workers = stack.enter_context(connected(options.cluster, settings))
                work = Work(workers, executor)
            folder = Path(options.output)
            document, told = grade(options.paths, folder, settings, work, rerun=options.rerun)
    except (UnknownChallenge, NothingThere, CannotGrade) as error:
        raise UsageError(str(error)) from None
    if options.json:
        import json

        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        print(told)
    return exit_code(document)


def _grade_course(options: argparse.Namespace) -> int:
    from autograder.course.grading import CourseError, grade_course
    from autograder.course.summary import render

    if not options.assignment:
        raise UsageError(_("Which assignment? Add --assignment NAME, such as --assignment pm"))
    try:
        summary = grade_course(
            options.assignment,
            student=options.student,
            again=options.rerun,
            without_sandbox=options.no_sandbox or options.require_isolation == "process",
            workers=options.workers,
        )
    except CourseError as error:
        raise UsageError(str(error)) from None
    print(render(summary))
    return OK if summary.whole else GRADER_ERROR


def _new(options: argparse.Namespace) -> int:
    from autograder.starters import StarterError, copy_starter

    try:
        folder = copy_starter(options.exercise, options.folder)
    except StarterError as error:
        raise UsageError(str(error)) from None
    print(_("The exercise {name} is in {folder}.").format(name=options.exercise, folder=folder))
    return OK


def _site(options: argparse.Namespace) -> int:
    from autograder.site import LessonFailed, SiteError, build

    print(_("Running all lessons in both languages, which takes a minute or two."), file=sys.stderr)
    try:
        with _progress() as progress:
            index = build(options.folder, progress)
    except LessonFailed as error:
        print(error, file=sys.stderr)
        return FAILED
    except SiteError as error:
        raise UsageError(str(error)) from None
    print(_("The lessons are ready: open {path} in a browser.").format(path=index))
    return OK


def _doctor(_options: argparse.Namespace) -> int:
    from autograder.doctor import examine

    findings = examine()
    for finding in findings:
        print(f"{finding.sign} {finding.text}")
    return OK if all(finding.works for finding in findings) else FAILED


def _grader_error() -> int:
    """Write our own traceback to a file and say where; return the exit code."""
    import tempfile
    import traceback

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="autograder-error-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            traceback.print_exc(file=file)
        place = file.name
    except OSError:
        traceback.print_exc()
        place = "-"
    text = _("The grader itself failed, which is not your server's fault. Details: {path}")
    print(text.format(path=place), file=sys.stderr)
    return GRADER_ERROR


if __name__ == "__main__":
    sys.exit(main())
