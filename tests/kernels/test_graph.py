from __future__ import annotations

import pytest

from kernels.graph import breadth_order, star


def test_star_groups_links_by_tail_and_keeps_their_order() -> None:
    g = star([2, 0, 2, 0, 1], [0, 1, 0, 2, 1], 4)
    assert list(g.first) == [0, 2, 3, 5, 5]
    assert list(g.link) == [1, 3, 4, 0, 2]
    assert list(g.tail) == [0, 0, 1, 2, 2]
    assert list(g.head) == [1, 2, 1, 0, 0]


def test_breadth_order_is_a_permutation_by_layers() -> None:
    g = star([0, 0, 3, 5], [3, 4, 5, 1], 6)
    assert list(breadth_order(g.first, g.head)) == [0, 4, 5, 1, 2, 3]


def test_faults_are_named() -> None:
    with pytest.raises(ValueError, match=r"outside 0\.\.1"):
        star([0, 1], [1, 2], 2)
    with pytest.raises(ValueError, match="equal length"):
        star([0, 1], [1], 2)
