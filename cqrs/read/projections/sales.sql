-- One row a product and day: what was sold. A cancelled order is taken back from the day it was placed on.
-- title: Sales
-- key: product_id, day

CREATE TABLE sales (
    product_id    TEXT NOT NULL,
    day           TEXT NOT NULL,
    units         INTEGER NOT NULL,
    revenue_cents INTEGER NOT NULL,
    from_event    INTEGER NOT NULL,
    PRIMARY KEY (product_id, day)
) WITHOUT ROWID;

-- on OrderPlaced
INSERT INTO sales
SELECT line.value ->> 'product_id', :placed_on, line.value ->> 'qty',
       (line.value ->> 'qty') * (line.value ->> 'unit_price_cents'), :position
FROM json_each(:lines) AS line WHERE true
ON CONFLICT (product_id, day) DO UPDATE
SET units = units + excluded.units, revenue_cents = revenue_cents + excluded.revenue_cents,
    from_event = excluded.from_event;

-- on OrderCancelled
UPDATE sales
SET units = units - line.value ->> 'qty',
    revenue_cents = revenue_cents - (line.value ->> 'qty') * (line.value ->> 'unit_price_cents'),
    from_event = :position
FROM json_each(:lines) AS line
WHERE product_id = line.value ->> 'product_id' AND day = :placed_on;

-- rebuild
WITH sold AS MATERIALIZED (
    SELECT line.value ->> 'product_id' AS product_id, payload ->> 'placed_on' AS day,
           iif(event.type = 'OrderPlaced', 1, -1) * (line.value ->> 'qty') AS units,
           line.value ->> 'unit_price_cents' AS unit_price_cents, position
    FROM log.events AS event, json_each(payload, '$.lines') AS line
    WHERE event.type IN ('OrderPlaced', 'OrderCancelled') AND position <= :head
)
INSERT INTO sales
SELECT product_id, day, sum(units), sum(units * unit_price_cents), max(position)
FROM sold
GROUP BY product_id, day;
