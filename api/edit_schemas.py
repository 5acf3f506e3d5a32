"""What comes in to change a plan by hand, with its bounds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from api.schemas import MOST, Count, Given, Id, Line

Courier = Annotated[str, StringConstraints(pattern=r"^[^\s/\x00-\x1f\x7f]{0,64}$")]
"""A courier's id, or "" for nobody."""

Named = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{0,64}$")]
"""An order's id as the plan has it, or "" for none."""


class ChangeIn(Given):
    """
    One change of a plan.

    `move`: `order`, with `more` as a block behind it, goes to the courier `to` ("" = nobody) as
    the visit `position` of the round (null = wherever is best). `reverse`: the round of `courier`
    from `first` to `last` ("" = its ends). `lock` and `unlock`: of `courier` a `stop` (`order`),
    the `prefix` of the round up to `order`, or the whole `route`.
    """

    do: Literal["move", "reverse", "lock", "unlock"] = "move"
    order: Named = ""
    more: Annotated[tuple[Id, ...], Field(max_length=500)] = ()
    to: Courier = ""
    position: Count | None = None
    courier: Courier = ""
    first: Named = ""
    last: Named = ""
    lock: Literal["stop", "prefix", "route"] = "stop"

    @model_validator(mode="after")
    def _complete(self) -> ChangeIn:
        if self.do == "move" and not self.order:
            raise ValueError("a move needs an order")
        if self.do != "move" and not self.courier:
            raise ValueError(f"{self.do} needs a courier")
        if self.do in ("lock", "unlock") and self.lock != "route" and not self.order:
            raise ValueError(f"to {self.do} a {self.lock} takes an order")
        return self


class EditsIn(Given):
    """Changes of a plan, made one after another; `current` = it is the day's draft."""

    edits: Annotated[list[ChangeIn], Field(min_length=1, max_length=500)]
    note: Line = ""
    current: bool = False


class MergeIn(Given):
    """Changes that were made on one version, to be made on another."""

    edits: Annotated[list[ChangeIn], Field(min_length=1, max_length=500)]
    onto: Annotated[int, Field(ge=1, le=MOST)]


class DraftIn(Given):
    """The version that is to be the day's draft, and the one that was looked at."""

    version: Annotated[int, Field(ge=1, le=MOST)]
    instead_of: Count = 0


class AroundIn(Given):
    """How a version is searched around its locks."""

    seconds: float = Field(default=20.0, gt=0, le=3_600, allow_inf_nan=False)
    seed: Count = 1
    note: Line = ""
