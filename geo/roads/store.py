"""A road graph on disk: arrays beside a JSON text with the format, the counts and a fingerprint."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geo.errors import Finding, TravelDataError

FORMAT = 2
_ARRAYS = "graph.npz"
_FACTS = "roads.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The arrays by name, the facts, and the fingerprint of the arrays."""

    folder: Path
    arrays: Mapping[str, Any]
    facts: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """A short text that changes with any road, speed or period."""
        return str(self.facts["fingerprint"])


def write_graph(folder: Path, arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Write a graph; an older one in the folder is replaced only when the new one is whole."""
    said = {"format": FORMAT, "fingerprint": _fingerprint(arrays, facts), **facts}
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        part.chmod(0o755)
        np.savez(part / _ARRAYS, **arrays)
        text = json.dumps(said, ensure_ascii=False, indent=1)
        (part / _FACTS).write_text(text + "\n", encoding="utf-8")
        if folder.exists():
            # The arrays first: until the facts follow, their fingerprint shows the mismatch.
            (part / _ARRAYS).replace(folder / _ARRAYS)
            (part / _FACTS).replace(folder / _FACTS)
        else:
            part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def read_facts(folder: Path) -> Mapping[str, Any]:
    """
    Return what is known of a stored graph without loading it.

    Raises
    ------
    TravelDataError
        The folder holds no graph that this version can read.
    """
    path = folder / _FACTS
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise _unusable(folder, "there is no road graph in it", "no_graph") from None
    except (OSError, ValueError) as error:
        raise _unusable(folder, f"its {_FACTS} cannot be read ({error})", "damaged") from None
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise _unusable(folder, "it was built by another version", "other_version")
    return facts


def read_graph(folder: Path) -> Stored:
    """
    Return a stored graph.

    Raises
    ------
    TravelDataError
        The folder holds no graph that this version can read.
    """
    facts = read_facts(folder)
    try:
        with np.load(folder / _ARRAYS, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        for name in ("up_start", "up_head", "milliseconds", "line", "river_start"):
            arrays[name]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _unusable(folder, f"its {_ARRAYS} is damaged ({error})", "damaged") from None
    known = {name: v for name, v in facts.items() if name not in ("format", "fingerprint")}
    if _fingerprint(arrays, known) != facts.get("fingerprint"):
        raise _unusable(
            folder,
            f"its {_ARRAYS} and {_FACTS} do not belong together (building was interrupted, or one"
            " of them was copied or changed)",
            "damaged",
        )
    return Stored(folder=folder, arrays=arrays, facts=facts)


def _fingerprint(arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """Return a short text of all that is stored: facts such as periods change answers too."""
    digest = hashlib.sha256(json.dumps([FORMAT, facts], sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def _unusable(folder: Path, problem: str, key: str) -> TravelDataError:
    remedy = "build it with: buuta roads build FILE.osm.pbf --out " + str(folder)
    finding = Finding(where=str(folder), problem=problem, remedy=remedy, key=key)
    return TravelDataError(table="roads", findings=[finding])
