"""A lab's forward proxy: the hosts' only way out, as behind a company's proxy.

It listens on this machine's end of the lab's cable and dials from this machine's own network, through the machine's
own proxy where http_proxy and https_proxy name one. `python -m slackwater.lab.egress ADDRESS PORT CLIENTS DIRECTORY`.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from urllib.parse import SplitResult

import click

from slackwater.lab.package_cache import PackageCache
from slackwater.lab.proxying import Parent, RefusalError, Request, body_size, parent_for, parse_request

log = logging.getLogger("slackwater.lab.egress")

CHUNK = 65536
# A server that does not answer a connection would hold apt for two minutes before it tries the next.
CONNECT_LIMIT = 15.0
# A client that connects and says nothing would keep its connection here for good.
REQUEST_LIMIT = 30.0
# A dozen hosts that install at once knock some hundred times in a moment: what does not fit is not let in for seconds.
BACKLOG = 1024

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Egress:
    """Serves the hosts of one lab and nobody else."""

    clients: IPv4Network
    cache: PackageCache

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request. What breaks off on either side ends here, with both ends closed."""
        try:
            await self._answer(reader, writer)
        except RefusalError as refusal:
            writer.write(f"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            log.info("broken off: %r", error)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if ip_address(writer.get_extra_info("peername")[0]) not in self.clients:
            raise RefusalError("403 Not A Host Of This Lab")
        async with asyncio.timeout(REQUEST_LIMIT):
            request = parse_request(await reader.readuntil(b"\r\n\r\n"))
        if request.method == "CONNECT":
            await self._tunnel(request, (reader, writer))
        elif request.is_cacheable and (kept := self.cache.find(request.target)):
            await _send_file(kept, writer)
        else:
            await self._forward(request, (reader, writer))

    async def _tunnel(self, request: Request, client: Streams) -> None:
        server = await _dial_through("https", request)
        log.info("CONNECT %s", request.target)
        client[1].write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
        await _join(client, server)

    async def _forward(self, request: Request, client: Streams) -> None:
        parent = parent_for("http", request.url.hostname or "")
        server = await _dial(parent or request.url, 80)
        log.info("%s %s", request.method, request.target)
        server[1].write(request.head(parent))
        try:
            await (self._keep(request, client, server) if request.is_cacheable else _join(client, server))
        finally:
            server[1].close()

    async def _keep(self, request: Request, client: Streams, server: Streams) -> None:
        head = await server[0].readuntil(b"\r\n\r\n")
        client[1].write(head)
        size = body_size(head)
        if size is None:
            return await _pump(server[0], client[1])
        with self.cache.deposit(request.target, size) as file:
            while data := await server[0].read(CHUNK):
                file.write(data)
                client[1].write(data)
                await client[1].drain()
        return None


async def _dial(to: Parent | SplitResult, default_port: int) -> Streams:
    host = to.host if isinstance(to, Parent) else to.hostname
    try:
        async with asyncio.timeout(CONNECT_LIMIT):
            return await asyncio.open_connection(host, to.port or default_port)
    except (OSError, TimeoutError) as error:
        log.warning("cannot connect to %s: %r", host, error)
        raise RefusalError("502 Cannot Connect") from error


async def _dial_through(scheme: str, request: Request) -> Streams:
    """A connection to the server itself, where need be by asking the parent for a tunnel."""
    parent = parent_for(scheme, request.url.hostname or "")
    reader, writer = await _dial(parent or request.url, 443)
    if parent:
        writer.write(f"CONNECT {request.target} HTTP/1.1\r\nHost: {request.target}\r\n{parent.header}\r\n".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        if answer.split(b" ")[1:2] != [b"200"]:
            writer.close()
            raise RefusalError("502 Refused By The Parent Proxy")
    return reader, writer


async def _join(client: Streams, server: Streams) -> None:
    """Both ways, until the server has said all it will say; a client that only waits need not close first."""
    upload = asyncio.create_task(_pump(client[0], server[1]))
    try:
        await _pump(server[0], client[1])
    finally:
        upload.cancel()
        server[1].close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """The end of the source becomes the end of the sink; the other direction goes on."""
    try:
        while data := await source.read(CHUNK):
            sink.write(data)
            await sink.drain()
        sink.write_eof()
    except OSError as error:
        log.info("broken off: %r", error)


async def _send_file(file: Path, writer: asyncio.StreamWriter) -> None:
    with file.open("rb") as source:
        size = file.stat().st_size
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        await asyncio.get_running_loop().sendfile(writer.transport, source)


async def listen(egress: Egress, address: str, port: int) -> asyncio.Server:
    return await asyncio.start_server(egress.serve, address, port, backlog=BACKLOG)


@click.command()
@click.argument("address")
@click.argument("port", type=int)
@click.argument("clients", type=IPv4Network)
@click.argument("directory", type=click.Path(path_type=Path))
def main(address: str, port: int, clients: IPv4Network, directory: Path) -> None:
    """Serves until it is killed."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")

    async def forever() -> None:
        server = await listen(Egress(clients, PackageCache(directory)), address, port)
        await server.serve_forever()

    asyncio.run(forever())


if __name__ == "__main__":
    main()
