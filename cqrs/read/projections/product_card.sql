-- One row a product: what its page in the shop shows.
-- title: Product page
-- key: product_id

CREATE TABLE product_card (
    product_id  TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    price_cents INTEGER NOT NULL,
    in_stock    INTEGER NOT NULL,
    from_event  INTEGER NOT NULL
) WITHOUT ROWID;

-- on ProductAdded
INSERT INTO product_card VALUES (:product_id, :name, :price_cents, :stock, :position);

-- on StockAdded
UPDATE product_card SET in_stock = in_stock + :qty, from_event = :position WHERE product_id = :product_id;

-- on PriceChanged
UPDATE product_card SET price_cents = :price_cents, from_event = :position WHERE product_id = :product_id;

-- on ProductRenamed
UPDATE product_card SET name = :name, from_event = :position WHERE product_id = :product_id;

-- on OrderPlaced
UPDATE product_card
SET in_stock = in_stock - line.value ->> 'qty', from_event = :position
FROM json_each(:lines) AS line
WHERE product_id = line.value ->> 'product_id';

-- on OrderCancelled
UPDATE product_card
SET in_stock = in_stock + line.value ->> 'qty', from_event = :position
FROM json_each(:lines) AS line
WHERE product_id = line.value ->> 'product_id';

-- rebuild
WITH told AS (
    SELECT position, payload ->> 'product_id' AS product_id, payload ->> 'name' AS name,
           payload ->> 'price_cents' AS price_cents, coalesce(payload ->> 'stock', payload ->> 'qty', 0) AS moved
    FROM log.events
    WHERE type IN ('ProductAdded', 'StockAdded', 'PriceChanged', 'ProductRenamed') AND position <= :head
), named AS (
    SELECT product_id, name, max(position) FROM told WHERE name IS NOT NULL GROUP BY product_id
), priced AS (
    SELECT product_id, price_cents, max(position) FROM told WHERE price_cents IS NOT NULL GROUP BY product_id
), moved AS (
    SELECT product_id, sum(moved) AS in_stock, max(position) AS from_event FROM (
        SELECT product_id, moved, position FROM told
        UNION ALL
        SELECT line.value ->> 'product_id', iif(event.type = 'OrderPlaced', -1, 1) * (line.value ->> 'qty'), position
        FROM log.events AS event, json_each(payload, '$.lines') AS line
        WHERE event.type IN ('OrderPlaced', 'OrderCancelled') AND position <= :head
    ) GROUP BY product_id
)
INSERT INTO product_card
SELECT product_id, name, price_cents, in_stock, from_event
FROM named JOIN priced USING (product_id) JOIN moved USING (product_id);
