-- One row an order: the list that the back office looks at.
-- Version 2: an order that names no quantity is an order for one piece, as the older program meant it.
-- title: Order list
-- key: order_id

CREATE TABLE order_list (
    order_id      TEXT PRIMARY KEY,
    customer_name TEXT NOT NULL,
    items         TEXT NOT NULL,
    total_cents   INTEGER NOT NULL,
    placed_on     TEXT NOT NULL,
    status        TEXT NOT NULL,
    from_event    INTEGER NOT NULL
) WITHOUT ROWID;

-- on OrderPlaced
INSERT INTO order_list
SELECT :order_id, :customer_name, group_concat(coalesce(line.value ->> 'qty', 1) || ' ' || (line.value ->> 'name'), ', '),
       :total_cents, :placed_on, 'placed', :position
FROM json_each(:lines) AS line;

-- on OrderShipped
UPDATE order_list SET status = 'shipped', from_event = :position WHERE order_id = :order_id;

-- on OrderCancelled
UPDATE order_list SET status = 'cancelled', from_event = :position WHERE order_id = :order_id;
