"""The public two-echelon instances: read, planned, and judged apart from the search."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.two_echelon_public import BEST_KNOWN, Plan, judge, read_instance, together

# E-n22-k4 with two of its customers' places as satellites; the original set's first instance.
E_N22 = """!Trucks: (total #, capacity, cost per distance, fixcost)
3,15000,1,0
!CityFreighters: (max cf/sat, total #, cap, cost/dist, fixcost)
4,4,6000,1,0
!Stores: (first: depot x,y; then: satellites x,y)
145,215   146,246   147,193
!Customers: (x,y,demand)
151,264,1100 159,261,700 130,254,800 128,252,1400 163,247,2100 146,246,400 161,242,800
142,239,100 163,236,500 148,232,600 128,231,1200 156,217,1300 129,214,1300 146,208,300
164,208,900 141,206,2100 147,193,1000 164,193,900 129,189,2500 155,185,1800 139,182,700
"""
NAME = "2a_E-n22-k4-s6-17"


def one_line(text: str) -> str:
    head, mark, tail = text.partition("!Customers: (x,y,demand)\n")
    return head + mark + " ".join(tail.split()) + "\n"


INSTANCE = read_instance(one_line(E_N22), NAME)


def test_an_instance_says_what_its_file_says() -> None:
    assert INSTANCE.trucks == (3, 15_000)
    assert INSTANCE.freighters == (4, 6_000)
    assert (INSTANCE.most, INSTANCE.depot) == (4, (145.0, 215.0))
    assert INSTANCE.satellites == ((146.0, 246.0), (147.0, 193.0))
    assert len(INSTANCE.customers) == 21
    # Three small vehicles would hold 18,000.
    assert sum(demand for *_, demand in INSTANCE.customers) == 22_500


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "four lines of figures are expected, there are 0"),
        ("3,1,1\n4,4,6,1,0\n0,0 1,1\n2,2,1\n", "four figures for trucks"),
        ("3,1,1,0\n4,4,6,1,0\n0,0\n2,2,1\n", "at least one satellite"),
        ("3,1,1,0\n4,4,6,1,0\n0,0 1,1\n2,2\n", "each x,y,demand"),
        ("3,a,1,0\n4,4,6,1,0\n0,0 1,1\n2,2,1\n", "could not convert"),
    ],
)
def test_a_broken_file_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_instance(text, "x")


SQUARE = replace(
    INSTANCE,
    trucks=(1, 10),
    freighters=(1, 10),
    most=1,
    depot=(0.0, 0.0),
    satellites=((0.0, 3.0),),
    customers=((4.0, 3.0, 2), (4.0, 0.0, 3)),
)


def test_the_judge_counts_both_echelons_and_every_broken_rule() -> None:
    # The truck: 3 there and back. The small vehicle: 4 along, 3 down, 5 home.
    good = Plan(trucks=(((0, 5),),), freighters=((0, (0, 1)),))
    assert judge(SQUARE, good) == (6.0 + 12.0, [])
    twice = Plan(trucks=(((0, 5),),), freighters=((0, (0, 1)), (0, (0,))))
    assert judge(SQUARE, twice)[1] == [
        "not every customer is served once",
        "the satellites need [7] and get [5]",
        "2 small vehicles of 1",
        "2 small vehicles at one satellite, 1 may be",
    ]
    tight = replace(SQUARE, trucks=(0, 4), freighters=(1, 4))
    assert judge(tight, good)[1] == [
        "a small vehicle carries 5",
        "a truck carries 5",
        "1 trucks of 0",
    ]


def test_the_best_known_plan_of_the_first_instance_is_reached() -> None:
    cost, wrong = judge(INSTANCE, together(INSTANCE, 6.0, seed=1))
    assert wrong == []
    assert cost == pytest.approx(BEST_KNOWN[NAME], abs=0.005)
