"""Orders by way of a queue: taken at once, booked later, each once."""

import json
from urllib.parse import urlsplit

from ledger import Ledger
from workers import Response, WorkerEntrypoint

__all__ = ["Default", "Ledger"]

BOOKS = "books"
DEAD = "dead-orders"


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        """`POST /orders/ID?amount=N` takes an order, `GET /` shows the books."""
        url = urlsplit(request.url)
        if request.method != "POST":
            return Response(json.dumps(await self.books.summary()) + "\n")
        order = {"id": url.path.rsplit("/", 1)[1], "amount": url.query.partition("amount=")[2]}
        await self.env.ORDERS.send(order)
        return Response("taken\n", status=202)

    async def queue(self, batch, env, ctx):
        """Book what can be booked; what cannot comes here once more, from the dead letter queue."""
        for message in batch.messages:
            order = message.body
            if batch.queue == DEAD:
                await self.books.refuse(order["id"])
                message.ack()
            elif order["amount"].isdigit():
                await self.books.book(order["id"], int(order["amount"]))
                message.ack()
            else:
                message.retry()

    @property
    def books(self):
        return self.env.LEDGER.getByName(BOOKS)
