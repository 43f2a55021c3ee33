"""断网的保护本身要管用：拦得住外面的，放得过本机的，撤掉之后确实会放行。"""

from __future__ import annotations

import socket

import pytest

from tests import network

pytestmark = pytest.mark.anydb

OUTSIDE = ("192.0.2.1", 9)  # 文档专用地址段，不会有真的主机


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
def test_connecting_to_another_host_is_refused(method):
    with socket.socket() as sock, pytest.raises(network.OutsideNetwork):
        getattr(sock, method)(OUTSIDE)


def test_sending_a_datagram_to_another_host_is_refused():
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(network.OutsideNetwork):
        sock.sendto(b"x", OUTSIDE)


def test_looking_up_another_host_is_refused():
    with pytest.raises(network.OutsideNetwork):
        socket.getaddrinfo("example.invalid", 80)


@pytest.mark.parametrize(
    ("host", "inside"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("example.org", False)],
)
def test_only_the_loopback_range_counts_as_inside(host, inside):
    assert network.is_inside(host) is inside


def test_this_machine_itself_can_be_reached():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_without_the_check_the_call_would_go_out(monkeypatch):
    """对照：拿掉检查，同样的调用就会到达真正的 connect（这里换成只记账的替身，不真的发包）。"""
    went_out = []
    monkeypatch.setitem(network._real, "connect", lambda sock, address: went_out.append(address))
    with socket.socket() as sock:
        with pytest.raises(network.OutsideNetwork):
            sock.connect(OUTSIDE)
        assert went_out == []
        monkeypatch.setattr(network, "_check", lambda sock, address: None)
        sock.connect(OUTSIDE)
    assert went_out == [OUTSIDE]
