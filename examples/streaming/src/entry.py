"""Answers word by word, as a language model does. Watch it: curl -N http://127.0.0.1:8787"""

import asyncio

from js import TransformStream
from pyodide.ffi import to_js
from workers import Response, WorkerEntrypoint

ANSWER = "A response may begin before its end is known: each word leaves when it is written.\n"


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        stream = TransformStream.new()
        self.ctx.waitUntil(self.speak(stream.writable.getWriter()))
        return Response(stream.readable, headers={"content-type": "text/plain; charset=utf-8"})

    async def speak(self, writer):
        for word in ANSWER.split(" "):
            await writer.write(to_js(f"{word} ".encode()))
            await asyncio.sleep(0.1)
        await writer.close()
