"""A FastAPI application behind a Worker."""

import asgi
from fastapi import FastAPI, Request
from pydantic import BaseModel
from workers import WorkerEntrypoint

app = FastAPI()


class Order(BaseModel):
    item: str
    count: int = 1


@app.get("/")
async def greet(request: Request, name: str = "world"):
    env = request.scope["env"]  # the Worker's bindings
    return {"message": f"{env.GREETING}, {name}!"}


@app.post("/orders", status_code=201)
async def order(wanted: Order):
    return {"ordered": f"{wanted.count} x {wanted.item}"}


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return await asgi.fetch(app, request, self.env)
