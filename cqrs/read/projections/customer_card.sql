-- One row a customer: how many orders stand, and what they come to. A cancelled order does not count.
-- title: Customer card
-- key: customer_id

CREATE TABLE customer_card (
    customer_id TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    orders      INTEGER NOT NULL,
    spent_cents INTEGER NOT NULL,
    from_event  INTEGER NOT NULL
) WITHOUT ROWID;

-- on CustomerRegistered
INSERT INTO customer_card VALUES (:customer_id, :name, 0, 0, :position);

-- on OrderPlaced
UPDATE customer_card
SET orders = orders + 1, spent_cents = spent_cents + :total_cents, from_event = :position
WHERE customer_id = :customer_id;

-- on OrderCancelled
UPDATE customer_card
SET orders = orders - 1, spent_cents = spent_cents - :total_cents, from_event = :position
WHERE customer_id = :customer_id;

-- rebuild
WITH told AS MATERIALIZED (
    SELECT payload ->> 'customer_id' AS customer_id, payload ->> 'name' AS name,
           CASE type WHEN 'OrderPlaced' THEN 1 WHEN 'OrderCancelled' THEN -1 ELSE 0 END AS orders,
           coalesce(payload ->> 'total_cents', 0) AS total_cents, position
    FROM log.events
    WHERE type IN ('CustomerRegistered', 'OrderPlaced', 'OrderCancelled') AND position <= :head
)
INSERT INTO customer_card
SELECT customer_id, max(name), sum(orders), sum(orders * total_cents), max(position)
FROM told
GROUP BY customer_id;
