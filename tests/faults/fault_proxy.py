"""An HTTP proxy before the S3 server that spoils a part of what goes through it.

It hands requests on as they are, the Host header included, which the client has signed for. What it spoils is decided by
a seed, request by request; `injected` counts it by kind.
"""

import collections
import http.client
import http.server
import random
import socket
import struct
import threading
import time

KINDS = ("slow_down", "internal_error", "reset", "truncated", "delay", "lost_reply", "done_but_500")
WRITES = ("PUT", "POST", "DELETE")
HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "te", "trailer", "upgrade")


def error_document(code):
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>Injected.</Message></Error>".encode()


class FaultProxy:
    """`rate` of the requests meet one of `kinds`. `refused` maps the end of a path to (status, code) that a GET of it
    gets, and to wait longer than any client does before it asks again. `endpoint` is where clients go."""

    def __init__(self, upstream_port, rate=0.0, seed=0, kinds=KINDS):
        self.upstream_port, self.rate, self.kinds = upstream_port, rate, kinds
        self.random, self.lock = random.Random(seed), threading.Lock()
        self.injected, self.requests, self.refused = collections.Counter(), 0, {}
        proxy = self

        class Handler(RequestHandler):
            pass

        Handler.proxy = proxy
        self.server = Server(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def choose(self, method):
        """The fault that this request meets, if any; and a number in [0, 1) to shape it."""
        with self.lock:
            self.requests += 1
            spoiled, kind, shape = self.random.random() < self.rate, self.random.choice(self.kinds), self.random.random()
            if not spoiled or (kind in ("lost_reply", "done_but_500") and method not in WRITES):
                return None, shape
            self.injected[kind] += 1
            return kind, shape

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request, client_address):
        pass  # clients that are killed, and connections that we reset


class RequestHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.upstream = http.client.HTTPConnection("127.0.0.1", self.proxy.upstream_port, timeout=60)

    def finish(self):
        self.upstream.close()
        try:
            super().finish()
        except OSError:
            pass

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = self.requestline.split(" ")[1]  # self.path has its leading slashes folded
        for end, (status, code) in self.proxy.refused.items():
            if self.command == "GET" and target.split("?")[0].endswith(end):
                return self.answer(status, error_document(code),
                                   [("Content-Type", "application/xml"), ("Retry-After", "3600")])
        kind, shape = self.proxy.choose(self.command)
        if kind == "slow_down":
            return self.answer(503, error_document("SlowDown"), [("Content-Type", "application/xml")])
        if kind == "internal_error":
            return self.answer(500, error_document("InternalError"), [("Content-Type", "application/xml")])
        if kind == "reset":
            return self.reset()
        if kind == "delay":
            time.sleep(shape)
        status, reply, headers = self.ask(target, body)
        if kind == "lost_reply":
            return self.reset()
        if kind == "done_but_500":
            return self.answer(500, error_document("InternalError"), [("Content-Type", "application/xml")])
        return self.answer(status, reply, headers, cut=shape if kind == "truncated" else None)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = forward

    def ask(self, target, body):
        if self.command in WRITES:
            self.upstream.close()  # carried out once or not at all: over a connection that is certainly alive
            return self.ask_once(target, body)
        try:
            return self.ask_once(target, body)
        except (http.client.HTTPException, OSError):  # a kept connection that the server had closed meanwhile
            self.upstream.close()
            return self.ask_once(target, body)

    def ask_once(self, target, body):
        self.upstream.putrequest(self.command, target, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            self.upstream.putheader(name, value)
        self.upstream.endheaders(body if body else None)
        reply = self.upstream.getresponse()
        headers = [(name, value) for name, value in reply.getheaders() if name.lower() not in HOP_BY_HOP]
        if self.command == "HEAD" and reply.getheader("Content-Length"):
            headers.append(("Content-Length", reply.getheader("Content-Length")))
        return reply.status, reply.read(), headers

    def answer(self, status, body, headers, cut=None):
        lines = [f"HTTP/1.1 {status} Injected" if status >= 500 else f"HTTP/1.1 {status} {http.client.responses.get(status, 'X')}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if self.command != "HEAD":
            lines.append(f"Content-Length: {len(body)}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        reply = head + (b"" if self.command == "HEAD" else body)
        if cut is not None:
            # Of the first half of all numbers within the header, else within the body where there is one.
            part = head if cut < 0.5 or len(reply) == len(head) else reply[len(head):]
            before = b"" if part is head else head
            self.wfile.write(before + part[:int(2 * cut % 1 * len(part))])
            self.wfile.flush()
            self.close_connection = True
            return
        self.wfile.write(reply)
        self.wfile.flush()

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True
