"""
How well the offline gazetteer reads addresses, style by style.

    python -m benchmarks.geocoding [--data ../shared/data] [--n 2000] [--seed 1] [--show 5]

Addresses are made from the commune lists in the data folder (or, without it, from our own tables),
each in one style of writing. A line tells how many came back with the right commune, how many the
gazetteer was sure of, and how many of those were wrong, which should be none. Where the right
answer is "not ours" or "cannot be told", that answer counts as right.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from geo import phu_tho
from geo.gazetteer import Gazetteer
from geo.geocode import Match
from geo.text import fold

THEN = date(2019, 6, 1)
BEFORE = date(2023, 6, 1)
SPRING = date(2025, 3, 1)
NOW = date(2026, 11, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A commune as it was called on a day: what an address is made from."""

    code: str
    kind: str
    name: str
    district_code: str
    district_kind: str
    district: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """
    A made-up address and its right answer.

    Parameters
    ----------
    code
        The right commune; empty where no commune is right.
    sure
        False where even a right guess must not be called certain.
    """

    text: str
    code: str
    on: date
    sure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What came out for one style."""

    style: str
    asked: int
    right: int
    confident: int
    confident_wrong: int
    seconds: float
    wrong: tuple[tuple[Question, Match], ...]

    @property
    def right_share(self) -> float:
        """Share of right answers, 0 to 1."""
        return self.right / self.asked


Style = Callable[[Sequence[Place], random.Random], Question]


def places(data: Path | None) -> list[Place]:
    """Return every commune on four days, from the data folder or from our own tables."""
    if data is None:
        return _own_places()
    found = []
    columns = {"name_2019_12": THEN, "name_2020_06": BEFORE, "name_2025_03": SPRING}
    districts: dict[str, tuple[str, str]] = {}
    with (data / "phutho_commune_codes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            districts[row["district_code"]] = _split(row["district"])
            for column, on in columns.items():
                if row[column]:
                    found.append(
                        _place(row["code"], row[column], row["district_code"], districts, on)
                    )
    with (data / "phutho_units_2025_66.csv").open(encoding="utf-8", newline="") as file:
        found += [
            _place(row["code_2025"], row["name_2025"], row["district_codes"], districts, NOW)
            for row in csv.DictReader(file)
        ]
    return found


def measure(
    gazetteer: Gazetteer, style: str, known: Sequence[Place], *, asked: int, seed: int
) -> Score:
    """Ask for so many addresses of one style and count the answers."""
    rng = random.Random(f"{style} {seed}")
    questions = [STYLES[style](known, rng) for _ in range(asked)]
    started = time.perf_counter()
    answers = [gazetteer.locate(q.text, on=q.on) for q in questions]
    seconds = time.perf_counter() - started
    right = confident = confident_wrong = 0
    wrong = []
    for question, answer in zip(questions, answers, strict=True):
        good = _right(question, answer)
        right += good
        confident += answer.confident
        bad = answer.confident and (answer.commune_code != question.code or not question.sure)
        confident_wrong += bad
        if bad or not good:
            wrong.append((question, answer))
    # Confident mistakes first: they are what matters.
    wrong.sort(key=lambda pair: not pair[1].confident)
    return Score(
        style=style,
        asked=asked,
        right=right,
        confident=confident,
        confident_wrong=confident_wrong,
        seconds=seconds,
        wrong=tuple(wrong),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if any confident answer was wrong."""
    parser = argparse.ArgumentParser(description="How well addresses are read, by style.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--n", type=int, default=2_000, help="addresses for each style")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="mistakes to show for each style")
    given = parser.parse_args(arguments)
    data = given.data if (given.data / "phutho_commune_codes.csv").exists() else None
    console = Console()
    if data is None:
        console.print(f"{given.data} holds no commune list: using our own tables")
    known = places(data)
    gazetteer = Gazetteer()
    table = Table(title=f"{given.n} addresses a style, seed {given.seed}")
    for heading in ("style", "right %", "confident %", "confident and wrong", "addresses/s"):
        table.add_column(heading, justify="left" if heading == "style" else "right")
    failed = 0
    for style in STYLES:
        score = measure(gazetteer, style, known, asked=given.n, seed=given.seed)
        failed += score.confident_wrong
        table.add_row(
            style,
            f"{100 * score.right_share:.2f}",
            f"{100 * score.confident / score.asked:.1f}",
            str(score.confident_wrong),
            f"{score.asked / score.seconds:,.0f}",
        )
        for question, answer in score.wrong[: given.show]:
            console.print(
                f"[{style}] {question.text!r} ({question.on}) is {question.code or 'none'}:"
                f" got {answer.level} {answer.commune_code} {answer.label!r}"
                f" {'SURE' if answer.confident else answer.doubt} {answer.quality}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
    console.print(table)
    return 1 if failed else 0


def _right(question: Question, answer: Match) -> bool:
    if not question.code:
        return answer.level in ("outside", "none")
    if not question.sure:
        return not answer.confident and question.code in {c.commune_code for c in answer.candidates}
    return answer.commune_code == question.code


# The styles. Each takes all places and a source of chance and makes one question.


def _clean(known: Sequence[Place], rng: random.Random) -> Question:
    place = _pick(known, rng, BEFORE)
    return _question(place, _full(place))


def _unaccented(known: Sequence[Place], rng: random.Random) -> Question:
    place = _pick(known, rng, BEFORE)
    text = fold(_full(place))
    return _question(place, rng.choice([text, text.upper(), text.title()]))


def _abbreviated(known: Sequence[Place], rng: random.Random) -> Question:
    place = _pick(known, rng, BEFORE)
    text = _short(place, rng)
    return _question(place, fold(text) if rng.random() < 0.5 else text)


def _one_typo(known: Sequence[Place], rng: random.Random) -> Question:
    return _misspelt(known, rng, letters=1)


def _two_typos(known: Sequence[Place], rng: random.Random) -> Question:
    return _misspelt(known, rng, letters=2)


def _no_district(known: Sequence[Place], rng: random.Random) -> Question:
    alone = [p for p in known if p.on == BEFORE and fold(p.name) not in _SHARED]
    place = rng.choice(alone)
    text = rng.choice([f"{_unit(place)}, tỉnh Phú Thọ", _unit(place), f"{_unit(place)} Phú Thọ"])
    return _question(place, fold(text) if rng.random() < 0.5 else text)


def _noise(known: Sequence[Place], rng: random.Random) -> Question:
    place = _pick(known, rng, BEFORE)
    tail = rng.choice([_full(place), _short(place, rng), f"{_unit(place)}, {place.district}"])
    text = f"{_front(rng)}, {tail}"
    return _question(place, fold(text) if rng.random() < 0.5 else text)


def _no_commas(known: Sequence[Place], rng: random.Random) -> Question:
    place = _pick(known, rng, BEFORE)
    text = rng.choice(
        [_full(place), f"{place.name}, {place.district}, Phú Thọ", _short(place, rng)]
    )
    text = text.replace(",", "")
    return _question(place, fold(text) if rng.random() < 0.5 else text)


def _reordered(known: Sequence[Place], rng: random.Random) -> Question:
    place = _pick(known, rng, BEFORE)
    parts = [_unit(place), _district(place), "tỉnh Phú Thọ"]
    rng.shuffle(parts)
    text = ", ".join(parts)
    return _question(place, fold(text) if rng.random() < 0.5 else text)


def _old_name(known: Sequence[Place], rng: random.Random) -> Question:
    place = _pick(known, rng, rng.choice([THEN, SPRING]))
    text = rng.choice([_full(place), _short(place, rng)])
    return _question(place, fold(text) if rng.random() < 0.5 else text)


def _new_name(known: Sequence[Place], rng: random.Random) -> Question:
    place = _pick(known, rng, NOW)
    text = f"{_unit(place)}, tỉnh Phú Thọ"
    # Names that also exist in the two provinces that joined cannot be told without more.
    return _question(place, fold(text) if rng.random() < 0.5 else text)


def _elsewhere(known: Sequence[Place], rng: random.Random) -> Question:
    commune = rng.choice([_unit(_pick(known, rng, BEFORE)), rng.choice(_FOREIGN_COMMUNES)])
    province, districts = rng.choice(_FOREIGN)
    district = rng.choice(districts)
    text = rng.choice(
        [
            f"{commune}, {district}, {province}",
            f"{commune}, huyện {district}, tỉnh {province}",
            f"{_front(rng)}, {commune}, {district}, {province}",
            f"{district}, {province}",
            f"{commune} {district} {province}",
        ]
    )
    return Question(text=fold(text) if rng.random() < 0.5 else text, code="", on=BEFORE)


def _ambiguous(known: Sequence[Place], rng: random.Random) -> Question:
    shared = [p for p in known if p.on in (THEN, BEFORE, SPRING) and fold(p.name) in _SHARED]
    place = rng.choice(shared)
    text = rng.choice(
        [place.name, f"{place.name}, Phú Thọ", f"khu {rng.randint(1, 9)} {place.name}"]
    )
    return Question(text=fold(text), code=place.code, on=place.on, sure=False)


STYLES: dict[str, Style] = {
    "clean full": _clean,
    "unaccented": _unaccented,
    "abbreviated": _abbreviated,
    "one typo": _one_typo,
    "two typos": _two_typos,
    "district missing": _no_district,
    "noise in front": _noise,
    "no commas": _no_commas,
    "reordered": _reordered,
    "old name by date": _old_name,
    "new name, no district": _new_name,
    "outside the province": _elsewhere,
    "ambiguous": _ambiguous,
}

# Names that two districts share once accents are gone.
_SHARED = frozenset({"phong chau", "hung long", "van luong"})

_FOREIGN = [
    ("Vĩnh Phúc", ["Vĩnh Tường", "Lập Thạch", "Sông Lô", "Yên Lạc", "Tam Đảo", "Vĩnh Yên"]),
    ("Hòa Bình", ["Lạc Sơn", "Kim Bôi", "Lương Sơn", "Đà Bắc", "Mai Châu", "Yên Thủy"]),
    ("Hà Nội", ["Cầu Giấy", "Ba Vì", "Đống Đa", "Sơn Tây", "Thanh Xuân", "Mê Linh"]),
    ("Tuyên Quang", ["Sơn Dương", "Yên Sơn", "Hàm Yên"]),
    ("Yên Bái", ["Trấn Yên", "Yên Bình", "Văn Chấn"]),
    ("Sơn La", ["Phù Yên", "Mộc Châu", "Bắc Yên"]),
    ("Thanh Hóa", ["Nga Sơn", "Hậu Lộc", "Thọ Xuân"]),
    ("Nghệ An", ["Đô Lương", "Yên Thành", "Diễn Châu"]),
    ("Thái Nguyên", ["Đại Từ", "Phổ Yên", "Phú Bình"]),
    ("Hồ Chí Minh", ["Gò Vấp", "Thủ Đức", "Bình Thạnh"]),
    ("Bắc Giang", ["Lục Nam", "Sơn Động", "Yên Thế"]),
]
_FOREIGN_COMMUNES = [
    *("phường Dịch Vọng", "xã Thổ Tang", "xã Minh Quang", "phường Láng Hạ", "xã Tân Lập"),
    *("xã Hồng Lạc", "xã Đại Đồng", "phường Bến Nghé", "xã Yên Sơn", "xã Cổ Đô"),
]
_STREETS = [
    *("Hùng Vương", "Nguyễn Tất Thành", "Trần Phú", "Âu Cơ", "Châu Phong", "Phong Châu"),
    *("Tiên Dung", "Lạc Long Quân", "Nguyễn Du", "Mai An Tiêm", "Tân Dân", "Sông Thao"),
    *("Lê Quý Đôn", "Hòa Bình", "Thanh Miếu", "Minh Lang"),
]


def _front(rng: random.Random) -> str:
    number = rng.randint(1, 400)
    alley = "/".join(str(rng.randint(1, 1900)) for _ in range(rng.randint(1, 5)))
    street = rng.choice(_STREETS)
    return rng.choice(
        [
            f"số {number} đường {street}",
            f"số {number} ngõ {alley} đại lộ {street}",
            f"SN {number}, tổ {rng.randint(1, 20)}, phố {street}",
            f"khu {rng.randint(1, 20)}",
            f"xóm {rng.choice(['Đồng', 'Chùa', 'Trại', 'Giếng', 'Gò Đa'])}",
            f"nhà ông Hùng, khu {rng.randint(1, 12)}",
            f"thôn {rng.randint(1, 9)}, gần chợ",
            f"{alley} {street}",
            f"ngõ {alley}, tổ dân phố {rng.randint(1, 20)}",
        ]
    )


def _misspelt(known: Sequence[Place], rng: random.Random, *, letters: int) -> Question:
    neighbours = {(p.district_code, fold(p.name).replace(" ", "")) for p in known}
    while True:
        place = _pick(known, rng, BEFORE)
        commune, district = place.name, place.district
        for _ in range(letters):
            if rng.random() < 0.7:
                commune = _typo(commune, rng)
            else:
                district = _typo(district, rng)
        # What reads to the letter as a neighbour's address is that neighbour's address.
        said = (place.district_code, fold(commune).replace(" ", ""))
        if said in neighbours and fold(commune) != fold(place.name):
            continue
        text = rng.choice(
            [
                f"{_title(place.kind)} {commune}, {place.district_kind} {district}, tỉnh Phú Thọ",
                f"{_title(place.kind)} {commune}, {district}",
                f"{commune}, {district}, Phú Thọ",
            ]
        )
        return _question(place, fold(text) if rng.random() < 0.5 else text)


def _typo(name: str, rng: random.Random) -> str:
    at = [i for i, c in enumerate(name) if c.isalpha()]
    i = rng.choice(at)
    letter = rng.choice("abcdeghiklmnopqrstuvxy")
    how = rng.randint(0, 3)
    if how == 0:
        return name[:i] + letter + name[i + 1 :]
    if how == 1:
        return name[:i] + name[i + 1 :]
    if how == 2:
        return name[:i] + letter + name[i:]
    j = min(i, len(name) - 2)
    return name[:j] + name[j + 1] + name[j] + name[j + 2 :]


def _question(place: Place, text: str) -> Question:
    return Question(text=text, code=place.code, on=place.on)


def _pick(known: Sequence[Place], rng: random.Random, on: date) -> Place:
    while True:
        place = rng.choice(known)
        if place.on == on:
            return place


def _title(kind: str) -> str:
    return kind[0].upper() + kind[1:]


def _unit(place: Place) -> str:
    return f"{_title(place.kind)} {place.name}"


def _district(place: Place) -> str:
    return f"{_title(place.district_kind)} {place.district}"


def _full(place: Place) -> str:
    return f"{_unit(place)}, {_district(place)}, Tỉnh Phú Thọ"


_SHORT = {
    "xã": ["X.", "X ", "x.", "xã "],
    "phường": ["P.", "P ", "p.", "Ph."],
    "thị trấn": ["TT.", "TT ", "tt ", "T.T "],
    "huyện": ["H.", "H ", "h."],
    "thị xã": ["TX.", "TX ", "tx.", "T.X "],
    "thành phố": ["TP.", "TP ", "tp ", "T.P "],
}


def _short(place: Place, rng: random.Random) -> str:
    commune = rng.choice(_SHORT[place.kind]) + place.name
    district = rng.choice(_SHORT[place.district_kind]) + place.district
    province = rng.choice(["", ", PT", ", T. Phú Thọ", ", P.Thọ", ", Phú Thọ"])
    return f"{commune}{rng.choice([', ', ' - ', ' '])}{district}{province}"


def _split(full: str) -> tuple[str, str]:
    for kind in ("Thành phố", "Thị xã", "Thị trấn", "Huyện", "Phường", "Xã"):
        if full.startswith(kind + " "):
            return kind.lower(), full[len(kind) + 1 :]
    raise ValueError(f"{full!r} has no kind in front")


def _place(
    code: str, full: str, district_code: str, districts: dict[str, tuple[str, str]], on: date
) -> Place:
    kind, name = _split(full)
    district_kind, district = districts[district_code]
    return Place(
        code=code,
        kind=kind,
        name=name,
        district_code=district_code,
        district_kind=district_kind,
        district=district,
        on=on,
    )


def _own_places() -> list[Place]:
    districts = {d.code: d for d in phu_tho.districts()}
    return [
        Place(
            code=c.code,
            kind=c.kind,
            name=c.name,
            district_code=c.district_code,
            district_kind=districts[c.district_code].kind,
            district=districts[c.district_code].name,
            on=on,
        )
        for on in (THEN, BEFORE, SPRING, NOW)
        for c in phu_tho.communes(on)
    ]


if __name__ == "__main__":
    sys.exit(main())
