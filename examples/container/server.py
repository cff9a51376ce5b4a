"""What runs in the container: counts in memory, so a new container begins at 1."""

import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Counting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    count = 0

    def do_GET(self):
        if self.path.endswith("/stream"):
            self.stream()
            return
        if self.path == "/":  # the class Container looks whether the port answers
            self.answer(b"ready\n")
            return
        Counting.count += 1
        self.answer(f"{os.environ.get('GREETING', 'hello')} {Counting.count}\n".encode())

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        self.answer(self.rfile.read(length)[::-1])

    def answer(self, body):
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self):
        """A line every tenth of a second, each as a chunk of its own."""
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number in range(1, 4):
            line = f"line {number}\n".encode()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
            self.wfile.flush()
            time.sleep(0.1)
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format, *args):
        print(format % args, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Counting).serve_forever()
