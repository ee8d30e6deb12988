"""The order in which tests run."""

from __future__ import annotations

from tests.mixed import block_of, mixed


def test_what_waits_is_spread_among_what_computes_the_longest_first() -> None:
    items = [*(f"row {n}" for n in range(10)), "call a", "call b", "call b too"]
    order = mixed(items, lambda item: item[:6] if item.startswith("call") else "")
    assert sorted(order) == sorted(items)
    assert order[:2] == ["call b", "call b too"]
    assert 1 < order.index("call a") <= 6
    assert [item for item in order if item.startswith("row")] == items[:10]


def test_tests_of_one_group_or_file_stay_together() -> None:
    assert block_of(("tests", "pbx", "job", "test_a.py"), ["lab"]) == "lab"
    assert block_of(("tests", "browser", "test_b.py"), []) == "test_b.py"
    assert block_of(("tests", "crm", "test_c.py"), []) == ""
