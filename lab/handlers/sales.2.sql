-- One row a product and day: what was sold. A cancelled order is taken back from the day it was placed on.
-- Version 2: an order that names no quantity is an order for one piece, as the older program meant it.
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
SELECT line.value ->> 'product_id', :placed_on, coalesce(line.value ->> 'qty', 1),
       coalesce(line.value ->> 'qty', 1) * (line.value ->> 'unit_price_cents'), :position
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
