"""Random conversations with `complete`, compared with a small model of the room (Hypothesis).

Hypothesis draws who comes, talks, whispers, kicks and leaves; the model says what each of them
must get; and a conversation that goes wrong is shrunk to the shortest that does, and drawn.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from autograder.dialect import OUR_DIALECT
from autograder.person import Person
from autograder.process import Launcher
from autograder.room import Room

STAMP = len("[2031-01-02 03:04:05] ")
GOOD = ("Ana", "Budi", "Citra", "admin")
NAMES = st.sampled_from((*GOOD, "ANA", " budi "))  # the last two are Ana and Budi to the server
BAD = {
    "": "Username tidak boleh kosong.",
    "Ana Budi": "Username tidak boleh berisi spasi.",
    "x" * 21: "Username paling panjang 20 karakter.",
}
TEXTS = st.sampled_from(("halo", "é 😀", "/bukan", "a: b", "PM dari Ana: x"))


class Conversations(RuleBasedStateMachine):
    """The model: who is in, in which order they came, and what each of them must get.

    Subclasses say with which `launcher` the server is started.
    """

    launcher: Launcher

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, Person] = {}  # who is in, by name, in the order of coming

    @initialize()
    def open_the_room(self) -> None:
        self.room = Room(self.launcher.submission, launcher=self.launcher, dialect=OUR_DIALECT)

    def teardown(self) -> None:
        if hasattr(self, "room"):
            self.room.close()

    # -- what happens -------------------------------------------------------------------------

    @rule(name=NAMES)
    def somebody_comes(self, name: str) -> None:
        person = self.room.connect()
        name = name.strip()
        if self._find(name) is None:
            person.introduce(name)
            self.people[name] = person
            self._all_get({}, public=f"{name} Bergabung!", first=(person, "NICK"))
        else:
            self._is_refused(person, name, "Username itu sedang dipakai.")

    @rule(name=st.sampled_from(sorted(BAD)))
    def somebody_is_refused(self, name: str) -> None:
        self._is_refused(self.room.connect(), name, BAD[name])

    @precondition(lambda self: self.people)
    @rule(data=st.data())
    def somebody_leaves(self, data: st.DataObject) -> None:
        name = self._somebody(data)
        person = self.people.pop(name)
        data.draw(st.sampled_from([person.leave, person.crash]), label="how")()
        self._all_get({}, public=f"{name} keluar!")

    @precondition(lambda self: self.people)
    @rule(data=st.data(), text=TEXTS)
    def somebody_talks(self, data: st.DataObject, text: str) -> None:
        name = self._somebody(data)
        self.people[name].send(f"{name}: {text}")
        self._all_get({}, public=f"{name}: {text}")

    @precondition(lambda self: self.people)
    @rule(data=st.data(), to=NAMES)
    def somebody_whispers(self, data: st.DataObject, to: str) -> None:
        name, to = self._somebody(data), to.strip()
        self.people[name].send(f"/pm {to} rahasia")
        if (target := self._find(to)) is None:
            self._all_get({name: [f"{to} tidak online."]})
        elif target == name:
            self._all_get({name: [f"PM dari {name}: rahasia", f"PM untuk {name}: rahasia"]})
        else:
            self._all_get(
                {target: [f"PM dari {name}: rahasia"], name: [f"PM untuk {target}: rahasia"]}
            )

    @precondition(lambda self: self.people)
    @rule(data=st.data())
    def somebody_asks_for_the_list(self, data: st.DataObject) -> None:
        name = self._somebody(data)
        self.people[name].send("/list")
        self._all_get({name: [f"Online: {', '.join(self.people)}"]})

    @precondition(lambda self: self.people)
    @rule(data=st.data(), whom=NAMES)
    def somebody_kicks(self, data: st.DataObject, whom: str) -> None:
        name, whom = self._somebody(data), whom.strip()
        self.people[name].send(f"/kick {whom}")
        target = self._find(whom)
        if name != "admin":
            self._all_get({name: ["Hanya admin yang boleh memakai /kick."]})
        elif target is None:
            self._all_get({name: [f"{whom} tidak online."]})
        elif target == name:
            self._all_get({name: ["Kamu tidak bisa mengeluarkan dirimu sendiri."]})
        else:
            kicked = self.people.pop(target)
            self._all_get({}, public=f"{target} keluar!")
            self._compare(kicked, ["Kamu dikeluarkan oleh admin."])

    # -- what must be -------------------------------------------------------------------------

    def _somebody(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(list(self.people)), label="who")

    def _find(self, name: str) -> str | None:
        """Return how the one who is in under this name writes it."""
        return next((one for one in self.people if one.casefold() == name.casefold()), None)

    def _is_refused(self, person: Person, name: str, why: str) -> None:
        person.ask_for(name)
        self._compare(person, ["NICK", why, "NICK"])
        person.leave()
        self._all_get({})

    def _all_get(
        self,
        own: dict[str, list[str]],
        public: str = "",
        first: tuple[Person, str] | None = None,
    ) -> None:
        """Compare what all have got since the last time with what they must have got."""
        for name, person in self.people.items():
            wanted = [*own.get(name, []), *([public] if public else [])]
            if first and person is first[0]:
                wanted.insert(0, first[1])
            self._compare(person, wanted)

    def _compare(self, person: Person, wanted: list[str]) -> None:
        got = [line[STAMP:] if line.startswith("[") else line for line in person.heard()]
        if got != wanted:
            raise AssertionError(
                f"{person.label} got {got}, and should have got {wanted}\n\n"
                f"{self.room.diagram().text()}"
            )
