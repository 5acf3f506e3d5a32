"""What is known of the day's places, and what a person must look at."""

from __future__ import annotations

from typing import Any

import pytest

from dispatch.geocoding import Located, locate, with_codes
from dispatch.model import Address, LeftOutReason, Order, OrderKind
from tests.dispatch.atlas import Atlas, Finder
from tests.dispatch.days import TUESDAY, at, courier, day, office, order


def asked(*orders: Order) -> Located:
    return locate(orders, Finder(), territory=Atlas(), on=TUESDAY)


def addressed(text: str, name: str = "x", **fields: Any) -> Order:
    return order(name, address=Address(text=text, **fields))


def only(found: Located) -> Address:
    (kept,) = found.located
    return kept.address


def test_a_clear_address_gets_its_communes_point_and_codes() -> None:
    found = asked(addressed("phường A"))
    address = only(found)
    assert (address.point, address.commune, address.district) == (at(1), "07900", "227")
    assert address.quality == 0.9
    assert found.approximate == {"x"}


def test_orders_of_one_commune_share_its_point() -> None:
    found = asked(addressed("phường A", "x"), addressed("phường A", "y"))
    assert {o.address.point for o in found.located} == {at(1)}


def test_a_street_is_no_approximation() -> None:
    found = asked(addressed("phố B"))
    assert only(found).point == at(3)
    assert found.approximate == frozenset()


def test_a_commune_of_before_the_mergers_stays_the_finer_area() -> None:
    assert only(asked(addressed("phường A cũ"))).commune == "01111"


def test_a_point_in_the_file_is_trusted_inside_the_province() -> None:
    found = asked(addressed("chỗ nào đó", point=at(20)))
    address = only(found)
    assert (address.point, address.commune, address.district) == (at(20), "08000", "228")
    assert address.quality == 1.0
    assert found.approximate == frozenset()


def test_a_point_abroad_is_outside_the_province() -> None:
    (unplaced,) = asked(addressed("chỗ nào đó", point=at(90))).not_found
    assert unplaced.reason is LeftOutReason.OUTSIDE_PROVINCE


def test_a_point_abroad_with_an_address_at_home_is_doubtful() -> None:
    (unplaced,) = asked(addressed("xã C", point=at(90))).doubtful
    assert unplaced.left_out.facts["candidates"] == "đơn vị 08000"


def test_a_commune_code_in_the_file_is_enough() -> None:
    found = asked(addressed("ngõ không tên", commune="08000"))
    assert only(found).point == at(29)
    assert found.approximate == {"x"}


def test_a_commune_code_and_a_street_make_the_streets_point() -> None:
    found = asked(addressed("phố B", commune="07900"))
    assert only(found).point == at(3)
    assert found.approximate == frozenset()


def test_a_commune_code_that_contradicts_the_address_is_doubtful() -> None:
    (unplaced,) = asked(addressed("phường A", commune="08000")).doubtful
    assert unplaced.reason is LeftOutReason.ADDRESS_DOUBTFUL


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("D", LeftOutReason.ADDRESS_DOUBTFUL),
        ("ở đâu đó", LeftOutReason.ADDRESS_NOT_FOUND),
        ("", LeftOutReason.ADDRESS_NOT_FOUND),
        ("Hà Nội", LeftOutReason.OUTSIDE_PROVINCE),
    ],
)
def test_what_is_not_sure_is_not_planned_silently(text: str, reason: LeftOutReason) -> None:
    found = asked(addressed(text))
    assert found.located == ()
    (left,) = found.left_out
    assert left.reason is reason


def test_a_doubtful_address_names_what_it_may_mean() -> None:
    (left,) = asked(addressed("D")).left_out
    assert left.facts == {"address": "D", "candidates": "đơn vị 07900; đơn vị 08000"}


def test_a_transfer_needs_both_its_ends() -> None:
    def carry(name: str, target: str) -> Order:
        return order(
            name,
            kind=OrderKind.TRANSFER,
            address=Address(text="phường A"),
            to_address=Address(text=target),
        )

    found = asked(carry("good", "xã C"), carry("bad", "ở đâu đó"))
    assert [o.id for o in found.located] == ["good"]
    assert found.located[0].to_address is not None
    assert found.located[0].to_address.point == at(29)
    assert found.not_found[0].address.text == "ở đâu đó"
    assert found.approximate == {"good"}


def test_each_address_is_asked_for_once() -> None:
    finder = Finder()
    orders = [addressed("phường A", f"x{n}") for n in range(50)]
    locate(orders, finder, territory=Atlas(), on=TUESDAY)
    assert finder.asked == ["phường A"]


def test_names_in_the_tables_become_codes() -> None:
    given = day(
        couriers=[courier(known_communes=frozenset({"phường A", "08000", "lạ"}))],
        offices=[office(districts=("Việt Trì", "227", "nơi lạ"))],
    )
    known = with_codes(given, Finder(), territory=Atlas())
    assert known.offices[0].districts == ("227", "nơi lạ")
    assert known.couriers[0].known_communes == {"07900", "08000", "lạ"}
