"""断开外网：测试进程只能连接本机。

漏网的外部请求会让测试在联网的机器上通过、在内网里失败，所以一律当场报错。
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

_real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}
_real_getaddrinfo = socket.getaddrinfo


class OutsideNetwork(RuntimeError):
    """测试想连接本机以外的地址。"""


def is_inside(host: object) -> bool:
    """本机回环地址，或服务器监听用的空地址。"""
    if isinstance(host, bytes):
        host = host.decode("ascii", errors="replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


def _check(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not is_inside(address[0]):
        raise OutsideNetwork(f"测试不许连接外部网络：{address[0]}")


def _connect(sock: socket.socket, address: Any) -> None:
    _check(sock, address)
    return _real["connect"](sock, address)


def _connect_ex(sock: socket.socket, address: Any) -> int:
    _check(sock, address)
    return _real["connect_ex"](sock, address)


def _sendto(sock: socket.socket, data: Any, *rest: Any) -> int:
    _check(sock, rest[-1])
    return _real["sendto"](sock, data, *rest)


def _getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
    own_name = socket.gethostname()
    if not is_inside(host) and host != own_name and not _is_address(host):
        raise OutsideNetwork(f"测试不许查询外部域名：{host}")
    return _real_getaddrinfo(host, *rest, **named)


def _is_address(host: Any) -> bool:
    """写成数字的地址不用查询；连不连得出去由 connect 把关。"""
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return False
    return True


def block() -> None:
    socket.socket.connect = _connect  # type: ignore[method-assign]
    socket.socket.connect_ex = _connect_ex  # type: ignore[method-assign]
    socket.socket.sendto = _sendto  # type: ignore[method-assign]
    socket.getaddrinfo = _getaddrinfo


def unblock() -> None:
    for name, function in _real.items():
        setattr(socket.socket, name, function)
    socket.getaddrinfo = _real_getaddrinfo
