-- One row a customer: how many orders stand, and what they come to. A cancelled order does not count.
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
INSERT INTO customer_card
SELECT payload ->> 'customer_id',
       max(payload ->> 'name'),
       sum(CASE type WHEN 'OrderPlaced' THEN 1 WHEN 'OrderCancelled' THEN -1 ELSE 0 END),
       sum(CASE type WHEN 'OrderPlaced' THEN 1 WHEN 'OrderCancelled' THEN -1 ELSE 0 END
           * coalesce(payload ->> 'total_cents', 0)),
       max(position)
FROM log.events
WHERE type IN ('CustomerRegistered', 'OrderPlaced', 'OrderCancelled') AND position <= :head
GROUP BY 1;
