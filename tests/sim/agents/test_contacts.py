"""Who listens to whom: mutual ties, degree and clustering beside NetworkX, and newcomers who meet their neighbours."""

from __future__ import annotations

import networkx as nx
import numpy as np

from sim.agents.contacts import draw_contacts
from sim.agents.sampling import Draws


def network(n: int = 900, districts: int = 6) -> tuple[np.ndarray, nx.Graph, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    rng = np.random.default_rng(3)
    district = np.sort(rng.integers(0, districts, n))
    cell = district * 10 + rng.integers(0, 10, n)
    first, contacts = draw_contacts(Draws(1), district, cell)
    graph: nx.Graph = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from((i, int(j)) for i in range(n) for j in contacts[first[i] : first[i + 1]])
    return district, graph, first, contacts


def test_ties_are_mutual_without_self_or_repeats() -> None:
    _, graph, first, contacts = network()
    listed = [contacts[first[i] : first[i + 1]].tolist() for i in range(len(first) - 1)]
    assert all(len(set(one)) == len(one) for one in listed)
    assert all(i not in one for i, one in enumerate(listed))
    assert all(i in listed[j] for i, one in enumerate(listed) for j in one)
    assert graph.number_of_edges() * 2 == len(contacts)


def test_a_small_world_of_mostly_neighbours() -> None:
    district, graph, _, _ = network()
    n = graph.number_of_nodes()
    degree = 2 * graph.number_of_edges() / n
    assert 7.0 < degree < 8.5
    same = np.mean([district[i] == district[j] for i, j in graph.edges])
    assert 0.7 < same < 0.9  # three ties of four are drawn in the district, some of the fourth land there
    random_clustering = degree / n
    assert nx.average_clustering(graph) > 10.0 * random_clustering
    assert nx.is_connected(graph)
    # Watts and Strogatz: distances of a random graph, about ln n / ln degree
    assert nx.average_shortest_path_length(graph) < 1.5 * np.log(n) / np.log(degree)


def test_a_household_alone_in_its_district_still_knows_somebody() -> None:
    district = np.array([0, 1, 1, 1, 1])
    first, contacts = draw_contacts(Draws(4), district, district)
    assert (np.diff(first)[1:] > 0).all()
    assert (contacts < 5).all()
