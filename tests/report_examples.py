"""Results of checks, made by hand, for the tests of the reports."""

from autograder.diagram import Diagram, Mark
from autograder.results import ChallengeResult, CheckResult, TestResult
from autograder.transcript import Transcript

HOSTILE = (
    "</pre></details></svg><script>alert(1)</script><img src=x onerror=alert(2)>"
    "\x1b[31mred\x1b]0;title\x07\u202e\x00\x9b\udcff {{7*7}} {% raw %} {name} [bold]x[/bold]"
    " &amp; \" ' `<b>`"
)

TEXTS = {
    "en": {
        "served": "A second client is served while the first is silent",
        "reaches": "A message from Alice reaches Bob",
        "everybody": "Everybody gets a message, the sender too",
        "burst": "200 messages in a row arrive whole",
        "emoji": "An emoji survives",
        "leaves": "Leaving is announced once",
        "message": "Bob did not get Alice's message.",
        "tried": "Alice sent “Alice: Halo semua!”",
        "expected": "Bob gets a message with “Halo semua!”",
        "got": "Bob got nothing.",
        "hints": (
            "Whom does `broadcast` reach?",
            "Look at the loop in `broadcast(message)`.",
            "Go through a copy:\n    for client in list(clients):\n        client.sendall(message)",
        ),
    },
    "id": {
        "served": "Client kedua dilayani saat client pertama diam",
        "reaches": "Pesan dari Alice sampai ke Bob",
        "everybody": "Semua orang menerima pesan, pengirimnya juga",
        "burst": "200 pesan berturut-turut sampai utuh",
        "emoji": "Emoji tidak rusak",
        "leaves": "Yang keluar diumumkan satu kali",
        "message": "Bob tidak menerima pesan Alice.",
        "tried": "Alice mengirim “Alice: Halo semua!”",
        "expected": "Bob menerima pesan yang memuat “Halo semua!”",
        "got": "Bob tidak menerima apa-apa.",
        "hints": (
            "Siapa saja yang dicapai `broadcast`?",
            "Lihat perulangan di `broadcast(message)`.",
            "Pakai salinannya:\n    for client in list(clients):\n        client.sendall(message)",
        ),
    },
}

OUTPUT = """\
Username Alice
Traceback (most recent call last):
  File "server.py", line 31, in handle
    broadcast(message)
BrokenPipeError: [Errno 32] Broken pipe"""

RECIPE = (
    "from autograder import Room",
    "",
    'with Room("server.py") as room:',
    '    alice = room.join("Alice")',
    '    bob = room.join("Bob")',
    '    alice.say("Halo semua!")',
    '    bob.sees("Halo semua!")',
    "room.diagram()",
)


def diagram(*names, text="Halo semua!", title=""):
    """Return what Alice says to everybody and the second one does not get."""
    transcript = Transcript(dict(enumerate(names)))
    for person in transcript.labels:
        transcript.add(0.01, "connect", person)
        transcript.add(0.02, "receive", person, b"NICK\n")
    data = f"{names[0]}: {text}\n".encode("utf-8", "surrogatepass")
    transcript.add(0.03, "send", 0, data)
    for person in transcript.labels:
        if person != 1:
            transcript.add(0.04, "receive", person, data)
    return Diagram.from_transcript(transcript, [Mark("missing", 1, text)], title)


def passed(id, title, points=2):
    return TestResult(id, title, "passed", points, points, seconds=0.02)


def result(language, *challenges, **more):
    settings = {"isolation": "bubblewrap", "idle_oracle": True, "seed": 42, "seconds": 0.614}
    return CheckResult("server.py", language, challenges=challenges, **(settings | more))


def some_failed(language="en"):
    """Return a result with every outcome in it."""
    say = TEXTS[language]
    first = TestResult(
        "test_everybody", say["everybody"], "failed", 0, 2, say["message"], say["tried"],
        say["expected"], say["got"], RECIPE, diagram("Alice", "Bob", "Charlie"), OUTPUT,
        "broadcast.skips", say["hints"],
    )  # fmt: skip
    second = TestResult(
        "test_burst", say["burst"], "failed", 1.5, 3, tried=say["tried"], expected=say["expected"],
        got="137", hints=say["hints"][:2], recipe=RECIPE[:4], output="Username Bob",
    )  # fmt: skip
    emoji = TestResult(
        "test_emoji", say["emoji"], "skipped", 0, 2, skipped_because="test_everybody"
    )
    leaves = TestResult("test_leaves", say["leaves"], "error", 0, 2)
    return result(
        language,
        ChallengeResult("threading", (passed("test_served", say["served"], 5),)),
        ChallengeResult(
            "broadcast", (passed("test_reaches", say["reaches"]), first, second, emoji)
        ),
        ChallengeResult("lists", (leaves,)),
        error_file="autograder-error.txt",
    )


def all_passed(language="en"):
    say = TEXTS[language]
    return result(
        language,
        ChallengeResult("threading", (passed("test_served", say["served"], 5),)),
        ChallengeResult("broadcast", (passed("test_reaches", say["reaches"], 15),)),
    )


def never_started(language="en"):
    """Return a result in which every test failed for the same reason."""
    say = TEXTS[language]

    def died(id, title):
        return TestResult(
            id, title, "failed", 0, 2, expected="bind()", got="NameError: name 'sockt'",
            output="NameError: name 'sockt' is not defined",
        )  # fmt: skip

    tests = (died("a", say["served"]), died("b", say["reaches"]), died("c", say["emoji"]))
    return result(language, ChallengeResult("threading", tests), idle_oracle=False)


def hostile(text=HOSTILE):
    """Return a result with `text` wherever there is room for one."""
    failed = TestResult(
        text, text, "failed", 0, 2, text, text, text, text, (text,),
        diagram(text, text, text=text, title=text), text, text, (text, text),
    )  # fmt: skip
    skipped = TestResult("s", text, "skipped", 0, 1, skipped_because=text)
    error = TestResult("e", text, "error", 0, 1, message=text)
    return CheckResult(
        text, "en", text, True, 1, 1.0,
        (ChallengeResult(text, (failed, skipped, error, passed("p", text))),), error_file=text,
    )  # fmt: skip
