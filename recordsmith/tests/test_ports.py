"""Choosing ports."""

from __future__ import annotations

import socket
from pathlib import Path

from recordsmith.ports import Ports, answers, is_free


def test_the_preferred_port_is_taken_when_it_is_free_and_only_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wanted = server.getsockname()[1]
    ports = Ports()
    assert ports.choose(wanted) == wanted
    assert ports.choose(wanted) != wanted


def test_a_port_chosen_by_one_system_is_not_chosen_by_another_before_it_is_bound(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wanted = server.getsockname()[1]
    assert Ports(tmp_path).choose(wanted) == wanted
    assert Ports(tmp_path).choose(wanted) != wanted


def test_a_port_in_use_is_not_chosen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        assert not is_free(taken)
        assert Ports().choose(taken) != taken


def test_chosen_ports_lie_where_no_outgoing_connection_is_given_one() -> None:
    ports = Ports()
    chosen = [ports.choose() for _ in range(20)]
    assert len(set(chosen)) == 20
    assert all(20_000 <= port < 32_768 for port in chosen)


async def test_whether_something_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert await answers("127.0.0.1", port)
    assert not await answers("127.0.0.1", port)
