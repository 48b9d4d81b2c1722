"""A day at the café, with a client that was generated from /openapi.json.

`make client-smoke` generates the client and runs this against a service of its own. By hand, against
a service that runs already:

    openapi-python-client generate --path docs/openapi.json --output-path jangteo_client --meta none
    JANGTEO_URL=http://127.0.0.1:8080 python examples/python/smoke.py

With a token in JANGTEO_TOKEN, it is sent with every request.
"""

import os
import time
import uuid

from jangteo_client import AuthenticatedClient, Client
from jangteo_client.api.cafe import (
    get_cafe_order_status,
    get_cafe_order_status_by_order_id,
    get_cafe_tickets_by_order_id,
    post_cafe_orders,
    post_cafe_orders_by_order_id_request_cancel,
    post_cafe_tickets_by_order_id_accept,
)
from jangteo_client.models import CafePlaceOrder, CafePlacedOrder, Empty, Problem

URL = os.environ.get("JANGTEO_URL", "http://127.0.0.1:8080")
TOKEN = os.environ.get("JANGTEO_TOKEN")


def main() -> None:
    options = {"base_url": URL, "raise_on_unexpected_status": True}
    client = AuthenticatedClient(token=TOKEN, **options) if TOKEN else Client(**options)
    order_id = str(uuid.uuid4())
    key = str(uuid.uuid4())

    order = CafePlaceOrder(product="Espresso", qty=2, price=1500, order_id=order_id)
    placed = post_cafe_orders.sync_detailed(client=client, body=order, idempotency_key=key)
    assert isinstance(placed.parsed, CafePlacedOrder), placed
    assert (placed.status_code, placed.parsed.amount) == (201, 3000), placed

    # The same again, as after an answer that was lost on its way: the same answer, and one order.
    again = post_cafe_orders.sync_detailed(client=client, body=order, idempotency_key=key)
    assert (again.status_code, again.content) == (201, placed.content), again

    # Read your writes: the view is asked for what the order led to.
    position = placed.headers["Log-Position"]
    shown = get_cafe_order_status_by_order_id.sync(order_id, client=client, min_position=position)
    assert shown.status == "pay_success", shown
    listed = get_cafe_order_status.sync(client=client, min_position=position, limit=200)
    assert order_id in [row.order_id for row in listed], listed

    # The store's side follows by itself, a moment later.
    ticket = wait_for(lambda: get_cafe_tickets_by_order_id.sync_detailed(order_id, client=client))
    assert ticket.status == "order_get", ticket
    accepted = post_cafe_tickets_by_order_id_accept.sync_detailed(
        order_id, client=client, body=Empty()
    )
    assert accepted.status_code == 200, accepted

    # Problems are of one type, and say what they are about.
    unknown = post_cafe_orders_by_order_id_request_cancel.sync(
        "nobody", client=client, body=Empty()
    )
    assert isinstance(unknown, Problem) and unknown.code == "unknown-order", unknown
    wrong = post_cafe_orders.sync(client=client, body=CafePlaceOrder(product="Espresso", qty=0))
    assert isinstance(wrong, Problem) and wrong.field == "qty", wrong

    print(f"ordered, repeated, read, accepted and refused as described: order {order_id}")


def wait_for(ask, seconds=20):
    """Asks again while there is nothing yet."""
    deadline = time.monotonic() + seconds
    while (answer := ask()).status_code != 200:
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)
    return answer.parsed


if __name__ == "__main__":
    main()
