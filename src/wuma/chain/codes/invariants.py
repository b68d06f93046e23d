"""What must always be true of codes."""

from __future__ import annotations

from typing import Final

from wuma.kernel.invariants import Invariant

INVARIANTS: Final = (
    Invariant(
        "codes.runs_cover_order",
        "The runs of an order cover its units exactly: no unit without a state, none with two.",
        "SELECT o.id, o.last_unit - o.first_unit + 1 AS ordered, r.units, r.first, r.last"
        " FROM codes.code_order o"
        " LEFT JOIN (SELECT order_id, sum(last_unit - first_unit + 1) AS units, min(first_unit) AS first,"
        " max(last_unit) AS last FROM codes.run GROUP BY order_id) r ON r.order_id = o.id"
        " WHERE r.units IS DISTINCT FROM o.last_unit - o.first_unit + 1"
        " OR r.first IS DISTINCT FROM o.first_unit OR r.last IS DISTINCT FROM o.last_unit",
    ),
    Invariant(
        "codes.commissioned_has_batch",
        "A commissioned unit belongs to a batch, and the batch to the order's product.",
        "SELECT r.first_unit, r.order_id FROM codes.run r JOIN codes.code_order o ON o.id = r.order_id"
        " LEFT JOIN codes.batch b ON b.id = r.batch_id"
        " WHERE r.state = 'commissioned' AND (b.id IS NULL OR b.product_id <> o.product_id)",
    ),
    Invariant(
        "codes.orders_below_counter",
        "No order holds a unit that its epoch's counter would give out again.",
        "SELECT o.id FROM codes.code_order o LEFT JOIN codes.epoch_counter c ON c.epoch = o.first_unit >> 38"
        " WHERE c.next_index IS NULL OR (o.last_unit & 274877906943) >= c.next_index",
    ),
    Invariant(
        "codes.print_file_released_once",
        "A released print file has a receipt, and its codes are printed.",
        "SELECT f.id FROM codes.print_file f WHERE f.state IN ('released', 'purged') AND (f.receipt IS NULL"
        " OR EXISTS (SELECT FROM codes.run r WHERE r.order_id = f.order_id AND r.state = 'allocated'"
        " AND r.first_unit <= f.last_unit AND r.last_unit >= f.first_unit))",
    ),
)
