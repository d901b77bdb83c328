"""A relay before a server: it passes bytes on, and can hold them back from some point on.

So something can be done to the server, or to who sends, while a transfer is under way, however fast
the machine is.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator

PIECE = 64 * 1024
WAIT_S = 60


class Relay:
    """Connections to `address` go on to the server's; `open` counts them."""

    def __init__(self, server: str) -> None:
        """Take where the server listens; nothing is taken yet."""
        host, _, port = server.rpartition(":")
        self._server = (host, int(port))
        self._port = 0
        self._listener: socket.socket | None = None
        self._threads: list[threading.Thread] = []
        self._sockets: set[socket.socket] = set()
        self._left = -1
        self._lock = threading.Lock()
        self._held = threading.Event()
        self._going = threading.Event()
        self._going.set()

    @property
    def address(self) -> str:
        """Where it listens, or did."""
        return f"127.0.0.1:{self._port}"

    @property
    def open(self) -> int:
        """Count the connections that are open."""
        return len(self._sockets) // 2

    def hold_after(self, amount: int) -> None:
        """Pass so many bytes on to the server, and then no more of them."""
        with self._lock:
            self._left = amount
            self._held.clear()
            self._going.clear()

    def wait_until_held(self) -> None:
        """Wait until there is more to be passed on than is."""
        assert self._held.wait(WAIT_S), "nothing came that could be held back"

    def let_go(self) -> None:
        """Pass on what was held back, and whatever comes."""
        with self._lock:
            self._left = -1
        self._going.set()

    def listen(self) -> None:
        """Take connections, at the same address every time."""
        listener = self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._start(self._accept, listener)

    def refuse(self) -> None:
        """Take no more connections, and end those that there are."""
        if self._listener:
            _end(self._listener)  # what waits for a connection keeps it open otherwise
            self._listener.close()
        self.let_go()
        _end(*self._sockets.copy())

    def close(self) -> None:
        """End all."""
        self.refuse()
        for thread in self._threads:
            thread.join()

    def _start(self, target: object, *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                self._start(self._connect, client)

    def _connect(self, client: socket.socket) -> None:
        with (
            contextlib.suppress(OSError),
            client,
            socket.create_connection(self._server) as server,
        ):
            self._sockets |= {client, server}
            answers = threading.Thread(target=self._pass, args=(server, client))
            answers.start()
            self._pass(client, server, holding=True)
            answers.join()
            self._sockets -= {client, server}

    def _pass(self, one: socket.socket, other: socket.socket, *, holding: bool = False) -> None:
        """Pass on what one sends, until either end is gone."""
        with contextlib.suppress(OSError):
            while piece := one.recv(PIECE):
                if holding:
                    self._hold(len(piece))
                other.sendall(piece)
        _end(one, other)

    def _hold(self, amount: int) -> None:
        """Come back at once, or when what is held back may go on."""
        with self._lock:
            if self._left < 0:
                return
            if self._left >= amount:
                self._left -= amount
                return
            self._held.set()
        self._going.wait()


def _end(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def running(server: str) -> Iterator[Relay]:
    """Run one before a server."""
    relay = Relay(server)
    relay.listen()
    try:
        yield relay
    finally:
        relay.close()
