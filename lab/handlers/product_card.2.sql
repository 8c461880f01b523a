-- One row a product: what its page in the shop shows.
-- Version 2: an order that names no quantity is an order for one piece, as the older program meant it.
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
SET in_stock = in_stock - coalesce(line.value ->> 'qty', 1), from_event = :position
FROM json_each(:lines) AS line
WHERE product_id = line.value ->> 'product_id';

-- on OrderCancelled
UPDATE product_card
SET in_stock = in_stock + line.value ->> 'qty', from_event = :position
FROM json_each(:lines) AS line
WHERE product_id = line.value ->> 'product_id';
