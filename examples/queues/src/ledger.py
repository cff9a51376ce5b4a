"""The books. A message may come twice; under its id an order is booked once."""

from workers import DurableObject


class Ledger(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.sql = ctx.storage.sql
        self.sql.exec("CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, amount INTEGER)")

    async def book(self, order_id, amount):
        self.sql.exec("INSERT INTO orders VALUES (?, ?) ON CONFLICT DO NOTHING", order_id, amount)

    async def refuse(self, order_id):
        """Keep an order that nobody could book, without an amount."""
        self.sql.exec("INSERT INTO orders VALUES (?, NULL) ON CONFLICT DO NOTHING", order_id)

    async def summary(self):
        row = self.sql.exec(
            "SELECT count(amount) AS booked, count(*) - count(amount) AS refused, total(amount) AS total"
            " FROM orders"
        ).one()
        return {"booked": row.booked, "refused": row.refused, "total": row.total}
