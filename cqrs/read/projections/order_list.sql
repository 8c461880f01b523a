-- One row an order: the list that the back office looks at.
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
SELECT :order_id, :customer_name, group_concat((line.value ->> 'qty') || ' ' || (line.value ->> 'name'), ', '),
       :total_cents, :placed_on, 'placed', :position
FROM json_each(:lines) AS line;

-- on OrderShipped
UPDATE order_list SET status = 'shipped', from_event = :position WHERE order_id = :order_id;

-- on OrderCancelled
UPDATE order_list SET status = 'cancelled', from_event = :position WHERE order_id = :order_id;

-- rebuild
INSERT INTO order_list
SELECT placed.payload ->> 'order_id', placed.payload ->> 'customer_name',
       (SELECT group_concat((line.value ->> 'qty') || ' ' || (line.value ->> 'name'), ', ')
        FROM json_each(placed.payload, '$.lines') AS line),
       placed.payload ->> 'total_cents', placed.payload ->> 'placed_on',
       CASE later.type WHEN 'OrderShipped' THEN 'shipped' WHEN 'OrderCancelled' THEN 'cancelled' ELSE 'placed' END,
       coalesce(later.position, placed.position)
FROM log.events AS placed
LEFT JOIN log.events AS later
  ON later.stream = placed.stream AND later.stream_version = 2 AND later.position <= :head
WHERE placed.type = 'OrderPlaced' AND placed.position <= :head;
