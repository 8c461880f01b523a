-- One row a product, found by words of its name: a table of another kind, made for full text.
-- title: Search
-- key: product_id
-- find: product_search MATCH '"' || replace(:key, '"', '""') || '" *'

CREATE VIRTUAL TABLE product_search USING fts5 (product_id UNINDEXED, name, from_event UNINDEXED);

-- on ProductAdded
INSERT INTO product_search VALUES (:product_id, :name, :position);

-- on ProductRenamed
UPDATE product_search SET name = :name, from_event = :position WHERE product_id = :product_id;

-- rebuild
INSERT INTO product_search
SELECT payload ->> 'product_id', payload ->> 'name', max(position)
FROM log.events
WHERE type IN ('ProductAdded', 'ProductRenamed') AND position <= :head
GROUP BY 1;
