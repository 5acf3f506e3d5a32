"""
What an address may mean, and at what cost in doubt.

Every name found in the address is weighed as the commune: letters that are wrong, a kind that does
not fit, a place in a street's name, words behind it that nobody understood, and above all whether
its own district or another one is named too. Commune and district are weighed apart, for short
names are alike far too often to compare whole addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from geo.address import COMMUNE_KINDS, Address
from geo.geocode import Doubt
from geo.names import Entry, Names, apart, tolerated

PROVINCE = "phutho"
PROVINCE_SHORT = ("pt", "ptho")
HOME_DISTRICT = "228"
"""Phú Thọ town, which bears the name of the province."""
_DISTRICT_KINDS = frozenset({"huyện", "thị xã", "thành phố"})
_LONGEST = 4  # words in a name
# From this day on communes of two more provinces are written "tỉnh Phú Thọ".
_JOINED = date(2025, 7, 1)

# Costs, in units of about one whole doubt. Found on made-up addresses (benchmarks/geocoding.py);
# what matters is their order, not their size.
_WRONG_LETTER = 0.45
_WRONG_LETTER_LONG = 0.35  # in a name of 8 letters or more
_WRONG_ACCENT = 0.12
_RIGHT_KIND = -0.2
_WRONG_KIND = 0.3
_OTHER_LEVEL = 0.8
_PAST_NAME = 0.06
_IN_STREET = 0.5
_BEHIND_STREET = 0.05
_CUTS_A_NAME = 0.3
_UNREAD = 0.15
_OWN_DISTRICT = -0.7
_OWN_DISTRICT_WEAK = -0.1
_DISTRICT_LETTER = 0.2
_OTHER_DISTRICT = 0.6
_DISTRICT_NAME = 0.4
HOPELESS = 0.75
"""Above this cost a reading is no answer."""
_MARGIN = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    A name found in an address.

    Parameters
    ----------
    first, after
        The words it takes: from first up to, not including, after.
    name
        The known name, in the form of `names.key`.
    typos
        Wrong letters.
    kind
        The kind of unit announced right before it, or "".
    """

    first: int
    after: int
    name: str
    typos: int
    kind: str

    def overlaps(self, other: Found) -> bool:
        """Tell whether the two share a word."""
        return self.first < other.after and other.first < self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A district named in an address; `code` is empty for the province."""

    found: Found
    code: str
    short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """
    One commune that the address may mean.

    Parameters
    ----------
    cost
        How doubtful; lower is better, and below 0 a district speaks for it.
    doubt
        The first reason not to trust it, "" if there is none in the reading itself.
    """

    entry: Entry
    found: Found
    cost: float
    doubt: Doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Atlas:
    """
    All names there are.

    Parameters
    ----------
    communes
        Entries by name.
    districts
        Codes by full name.
    short_districts
        Codes by short form.
    outside
        What bears a name that is not ours, by name: level ("province", "district" or "commune"),
        province, and the name with its accents.
    """

    communes: Mapping[str, Sequence[Entry]]
    districts: Mapping[str, str]
    short_districts: Mapping[str, str]
    outside: Mapping[str, Sequence[tuple[str, str, str]]]
    names: Names

    def ours(self, name: str) -> bool:
        """Tell whether a name is one of the province's."""
        return name in self.communes or name in self.districts or name == PROVINCE


class Scene:
    """
    An address with all the names found in it.

    Parameters
    ----------
    on
        The day it was written for; None takes all names.
    district
        The code of its district where something else tells it.
    fuzzy
        Find misspelt names too.
    """

    def __init__(
        self, address: Address, atlas: Atlas, *, on: date | None, district: str | None, fuzzy: bool
    ) -> None:
        self.address = address
        self.atlas = atlas
        self.on = on
        self.district = district
        found = _find(address, atlas, fuzzy=fuzzy)
        exact = [hit for hit in found if not hit.typos and hit.name in atlas.communes]
        # Words that surely or maybe belong to a commune's name written rightly.
        self._spoken = _words(exact)
        self._surely = _words(hit for hit in exact if hit.kind in COMMUNE_KINDS)
        self.found = self._without_false_kinds(found)
        named = self._mentions()
        # What reads to the letter as a district is no misspelt commune.
        firm = [m.found for m in named if not m.found.typos and not m.short]
        self.found = [
            hit
            for hit in self.found
            if not hit.typos
            or hit.name not in atlas.communes
            or not any(hit.overlaps(other) for other in firm)
        ]
        self.mentions = named
        self.districts = self._sure_districts(named)
        self._covered = _words(m.found for m in named)

    def in_street(self, hit: Found) -> int:
        """Return how many words behind a street word a name begins, 0 if it stands in none."""
        opener = self.address.street_openers[hit.first]
        if hit.kind or opener < 0 or opener in self._spoken:
            return 0
        return self.address.street_depth[hit.first]

    def unread(self, hit: Found, *, before: bool = False) -> bool:
        """Tell whether there are words behind a name (or before it too) that mean nothing to us."""
        return bool(self.unread_count(hit, before=before))

    def unread_count(self, hit: Found, *, before: bool = False) -> int:
        """Return how many words behind a name (or before it too) mean nothing to us."""
        address = self.address
        places = range(0 if before else hit.after, len(address.words))
        return sum(
            not (
                hit.first <= i < hit.after
                or i in self._covered
                or address.silent[i]
                or address.street_openers[i] >= 0
            )
            for i in places
        )

    def unknown_unit(self, hit: Found, kinds: Iterable[str]) -> bool:
        """Tell whether a unit of these kinds is announced by a name that we do not know."""
        address = self.address
        starts = {f.first for f in self.found if not f.typos} | self._covered
        return any(
            kind in kinds
            and not hit.first <= i < hit.after
            and not hit.first <= i - address.prefix_lengths[i] < hit.after
            and i not in starts
            and not address.words[i].number
            and not (i + 1 < len(address.kinds) and address.prefix_lengths[i + 1])
            for i, kind in enumerate(address.kinds)
        )

    def cuts_a_name(self, hit: Found) -> bool:
        """Tell whether a name takes words from another that is written rightly and announced."""
        return not hit.kind and any(i in self._surely for i in range(hit.first, hit.after))

    def outside(self) -> str | None:
        """Return the province an address outside ours lies in ("" if unknown), else None."""
        address = self.address
        quarters = [
            i
            for i, kind in enumerate(address.kinds)
            if kind == "quận" and i - 1 not in self._spoken
        ]
        if quarters and not self.districts:
            return self._elsewhere()
        speaking = [i for i, quiet in enumerate(address.silent) if not quiet]
        if not speaking:
            return None
        for hit in self.found:
            if not self._foreign(hit):
                continue
            for level, province, marked in self.atlas.outside[hit.name]:
                # Lang Sơn is ours, Lạng Sơn is not.
                if self.atlas.ours(hit.name) and not self._may_read(hit, marked):
                    continue
                if self._tells_outside(hit, level, tail=speaking[-1] + 1):
                    return province
        return None

    def readings(self) -> list[Reading]:
        """Return the communes the address may mean, least doubtful first, one reading for each."""
        best: dict[tuple[str, str], Reading] = {}
        for hit in self.found:
            # "Phú Thọ" without more is the province, not the ward of that name.
            if hit.name == PROVINCE and hit.kind not in COMMUNE_KINDS:
                continue
            for entry in self.atlas.communes.get(hit.name, ()):
                if entry.at(self.on) is None:
                    continue
                reading = self._weigh(hit, entry)
                known = best.get((entry.code, entry.marked))
                if known is None or reading.cost < known.cost:
                    best[entry.code, entry.marked] = reading
        return sorted(
            best.values(), key=lambda r: (r.cost, not r.entry.valid(self.on), r.entry.code)
        )

    def _without_false_kinds(self, found: Sequence[Found]) -> list[Found]:
        """
        Take back announcements whose word belongs to the name before.

        In "xa hien quan phu tho" there is no quận; in "ngo xa cam khe" the xa may be either.
        """
        kept = []
        for hit in found:
            length = self.address.prefix_lengths[hit.first]
            if not hit.kind or hit.first - length not in self._spoken:
                kept.append(hit)
                continue
            kept.append(replace(hit, kind=""))
            if hit.first - length not in self._surely:
                kept.append(hit)
        return kept

    def _mentions(self) -> list[Mention]:
        named = []
        for hit in self.found:
            if hit.kind in COMMUNE_KINDS or self.in_street(hit) == 1:
                continue
            if hit.name == PROVINCE or (
                hit.name in PROVINCE_SHORT
                and not hit.typos
                and hit.after == len(self.address.words)
            ):
                named.append(Mention(found=hit, code=""))
            code = self.atlas.districts.get(hit.name)
            if code is not None and hit.kind != "tỉnh":
                named.append(Mention(found=hit, code=code))
            code = self.atlas.short_districts.get(hit.name)
            if code is not None and not hit.typos:
                named.append(Mention(found=hit, code=code, short=True))
        return named

    def _sure_districts(self, named: Sequence[Mention]) -> list[Mention]:
        """
        Return the mentions that are surely a district.

        Phú Thọ is both the province and a town in it: it counts as the town when it is announced as
        one or stands there twice.
        """
        places = sorted({(m.found.first, m.found.after) for m in named if m.found.name == PROVINCE})
        return [
            m
            for m in named
            if m.code
            and (
                m.code != HOME_DISTRICT
                or m.found.kind in _DISTRICT_KINDS
                or m.short
                or (len(places) > 1 and m.found.first == places[0][0] and not m.found.typos)
            )
        ]

    def _foreign(self, hit: Found) -> bool:
        """Tell whether a name may be taken for one that is not ours."""
        # One letter off is enough for a long name, unless one of ours is as near.
        if hit.name not in self.atlas.outside or hit.typos > (1 if len(hit.name) >= 7 else 0):
            return False
        if hit.typos and any(
            other.typos <= hit.typos and other.overlaps(hit) and self.atlas.ours(other.name)
            for other in self.found
        ):
            return False
        # "thị trấn Yên Lập" is not in Trấn Yên.
        return not any(
            n and i - n < hit.after and hit.first < i
            for i, n in enumerate(self.address.prefix_lengths)
        )

    def _tells_outside(self, hit: Found, level: str, *, tail: int) -> bool:
        own = any(not m.found.typos for m in self.districts)
        street = self.address.street_depth[hit.first] >= 1 and not hit.kind
        known = self.atlas.ours(hit.name)
        if level == "province":
            ours = any(not m.code and not m.found.typos for m in self.mentions)
            last = hit.after == tail and hit.kind not in COMMUNE_KINDS
            return not ours and (hit.kind == "tỉnh" or last)
        if own or street:
            return False
        if level == "district":
            return hit.kind in _DISTRICT_KINDS or (not known and hit.kind not in COMMUNE_KINDS)
        others = any(
            not other.typos and other.name in self.atlas.communes and other.name != PROVINCE
            for other in self.found
        )
        return not hit.typos and not known and not others

    def _may_read(self, hit: Found, marked: str) -> bool:
        """Tell whether the accents, where there are any, are those of a name."""
        words = self.address.words[hit.first : hit.after]
        return not any(w.accented for w in words) or marked == self.address.marked(
            hit.first, hit.after
        )

    def _elsewhere(self) -> str:
        for level in ("province", "district"):
            for hit in self.found:
                for known, province, _ in self.atlas.outside.get(hit.name, ()):
                    if known == level and not hit.typos:
                        return province
        return ""

    def _weigh(self, hit: Found, entry: Entry) -> Reading:
        doubts: list[Doubt] = []
        letter = _WRONG_LETTER_LONG if len(hit.name) >= 8 else _WRONG_LETTER
        cost = letter * hit.typos + _WRONG_ACCENT * min(self._wrong_accents(hit, entry), 3)
        if not entry.valid(self.on):
            cost += _PAST_NAME
        if hit.kind in COMMUNE_KINDS:
            fits = hit.kind in entry.kinds(self.on)
            cost += _RIGHT_KIND if fits else _WRONG_KIND
            doubts += [] if fits else ["wrong_kind"]
        elif hit.kind:
            cost += _OTHER_LEVEL
            doubts.append("wrong_kind")
        elif depth := self.in_street(hit):
            cost += _IN_STREET if depth == 1 else _BEHIND_STREET
            doubts += ["street_name"] if depth == 1 else []
        if self.cuts_a_name(hit):
            cost += _CUTS_A_NAME
        unread = self.unread_count(hit)
        cost += min(_UNREAD * unread, 0.6)
        if unread or self.unknown_unit(hit, COMMUNE_KINDS):
            doubts.append("unread_words")

        own = self._own_mention(hit, entry)
        if self.district is not None:
            same = self.district == entry.district_code
            cost += _OWN_DISTRICT if same else _OTHER_DISTRICT + 0.2
            doubts = doubts if same else ["conflict"]
            same_said = own is not None or not self._other_mention(hit, entry)
            doubts = doubts if same_said else ["conflict"]
        elif own is not None:
            cost += _OWN_DISTRICT + _DISTRICT_LETTER * own.found.typos
        else:
            if self._other_mention(hit, entry):
                cost += _OTHER_DISTRICT
                doubts = ["conflict"]
            if entry.district_code == HOME_DISTRICT and any(not m.code for m in self.mentions):
                cost += _OWN_DISTRICT_WEAK
        # "Thanh Ba, Thanh Ba" is the town in its district; a single one may be either.
        first = own is not None and hit.first < own.found.first
        if hit.kind not in COMMUNE_KINDS and hit.name in self.atlas.districts and not first:
            cost += _DISTRICT_NAME
            doubts.append("ambiguous")
        doubt = doubts[0] if doubts else self._spelling(hit, entry, own)
        return Reading(entry=entry, found=hit, cost=cost, doubt=doubt)

    def _spelling(self, hit: Found, entry: Entry, own: Mention | None) -> Doubt:
        """Return why the name as it is written is not enough, or ""."""
        wrong = hit.typos or min(self._wrong_accents(hit, entry), 1)
        known = self.district is not None or (own is not None and not own.found.typos)
        if not wrong:
            return "" if known else self._alone(hit, entry)
        if not known or wrong > 1 or len(hit.name) < 6 or self.unread(hit, before=True):
            return "misspelt"
        text = self.address.joined(hit.first, hit.after)
        marked = self.address.marked(hit.first, hit.after)
        for rival in self.atlas.communes.get(text, ()):
            # To the letter it is another one: is the name wrong, or the district?
            if rival.at(self.on) is not None and (hit.typos or rival.marked == marked):
                return "conflict"
        for name, _ in self.atlas.names.near(text, within=wrong + 1):
            for rival in self.atlas.communes.get(name, ()):
                same = rival.district_code == entry.district_code and rival.key != entry.key
                if same and rival.at(self.on) is not None:
                    return "misspelt"
        return ""

    def _alone(self, hit: Found, entry: Entry) -> Doubt:
        """Return why a name written rightly, without its district, is not enough, or ""."""
        for rival in self.atlas.communes[entry.key]:
            if rival.district_code == entry.district_code or rival.at(self.on) is None:
                continue
            # A kind that only one of them ever had tells them apart.
            if hit.kind in COMMUNE_KINDS and hit.kind not in rival.kinds(self.on):
                continue
            return "ambiguous"
        if hit.kind not in COMMUNE_KINDS:
            return "no_district"
        joined = self.on is None or self.on >= _JOINED
        if joined and any(
            level == "commune" for level, _, _ in self.atlas.outside.get(entry.key, ())
        ):
            return "no_district"
        return ""

    def _own_mention(self, hit: Found, entry: Entry) -> Mention | None:
        mine = [
            m for m in self.districts if m.code == entry.district_code and not m.found.overlaps(hit)
        ]
        return min(mine, key=lambda m: (m.found.typos, m.short), default=None)

    def _other_mention(self, hit: Found, entry: Entry) -> bool:
        return any(
            m.code != entry.district_code and not m.found.overlaps(hit) and not m.found.typos
            for m in self.districts
        )

    def _wrong_accents(self, hit: Found, entry: Entry) -> int:
        if not any(w.accented for w in self.address.words[hit.first : hit.after]):
            return 0
        marked = self.address.marked(hit.first, hit.after)
        return 0 if marked == entry.marked else max(0, apart(marked, entry.marked) - hit.typos)


def settled(best: Reading, rest: Sequence[Reading], same: Sequence[bool]) -> bool:
    """
    Tell whether no other reading comes near the best one.

    Parameters
    ----------
    same
        For each other reading, whether its territory is part of the best one's unit anyway.
    """
    return all(
        held or other.cost - best.cost > _MARGIN for other, held in zip(rest, same, strict=True)
    )


def _find(address: Address, atlas: Atlas, *, fuzzy: bool) -> list[Found]:
    words = address.words
    found = []
    for first in range(len(words)):
        for after in range(first + 1, min(first + _LONGEST, len(words)) + 1):
            last = words[after - 1]
            if last.number or last.segment != words[first].segment:
                break
            text = address.joined(first, after)
            hits: Iterable[tuple[str, int]] = ()
            if fuzzy and tolerated(len(text)):
                hits = atlas.names.near(text)
            elif text in atlas.names:
                hits = ((text, 0),)
            kind = address.kinds[first]
            found += [
                Found(first=first, after=after, name=name, typos=typos, kind=kind)
                for name, typos in hits
            ]
    return found


def _words(found: Iterable[Found]) -> set[int]:
    return {i for hit in found for i in range(hit.first, hit.after)}
