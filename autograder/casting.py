"""Names and texts for a check, drawn anew for each test from a seed that can be repeated."""

from __future__ import annotations

import random

_NAMES = (
    "Adi Agus Ani Arif Ayu Bagus Bayu Budi Cahya Citra Dedi Dewi Dian Dini Eka Fajar Fitri Gita"
    " Hadi Hana Indah Intan Joko Kartika Lestari Lina Maya Mega Nanda Nia Putri Rahma Rani Ratna"
    " Reza Rina Rizky Sari Sinta Siti Tari Tono Tuti Umar Vina Wati Wawan Yanti Yoga Yudi"
).split()
_THINGS = (
    "kopi teh nasi sate bakso soto roti pisang mangga jeruk hujan angin bulan bintang laut gunung"
    " sungai kebun sepeda kereta kapal lampu buku pensil meja pintu jendela kucing burung ikan"
).split()
_QUALITIES = (
    "hangat dingin manis segar baru lama besar kecil biru merah hijau putih cepat lambat jauh dekat"
    " tinggi rendah ramai tenang"
).split()
_LETTERS = "bcdfghjklmnprstvwyz"


class Cast:
    """Draws names and texts.

    Args:
        seed: of the whole run.
        scene: name of the test, so that each draws its own whatever else runs.
    """

    def __init__(self, seed: int, scene: str) -> None:
        self._random = random.Random(f"{seed}/{scene}")
        self._names: set[str] = set()
        self._texts: set[str] = set()

    def names(self, count: int) -> list[str]:
        """Return `count` usernames, all different, none the beginning of another."""
        found: list[str] = []
        while len(found) < count:
            # an ending that no list of names in a server can know
            ending = "".join(self._random.choices(_LETTERS, k=2)) + str(self._random.randint(2, 9))
            name = self._random.choice(_NAMES) + ending
            if name not in self._names:
                self._names.add(name)
                found.append(name)
        return found

    def name(self) -> str:
        """Return one more username."""
        return self.names(1)[0]

    def text(self) -> str:
        """Return a short chat message that no other one contains."""
        while True:
            words = (self._random.choice(_THINGS), self._random.choice(_QUALITIES))
            text = f"{words[0]} {words[1]} {self._random.randint(1000, 9999)}"
            if text not in self._texts:
                self._texts.add(text)
                return text

    def texts(self, count: int) -> list[str]:
        """Return `count` chat messages, all different."""
        return [self.text() for _each in range(count)]

    def word(self) -> str:
        """Return a short text without blanks that no other one contains."""
        return self.text().replace(" ", "-")

    def choice(self, options: str) -> str:
        """Return one character of `options`."""
        return self._random.choice(options)

    def long_text(self, length: int) -> str:
        """Return a message of `length` characters without line ends, its beginning and end known.

        Args:
            length: in characters, all of them ASCII, so also in bytes.
        """
        words = []
        size = 0
        while size < length:
            words.append(self.text())
            size += len(words[-1]) + 1
        return " ".join(words)[:length].rstrip().ljust(length, "x")
