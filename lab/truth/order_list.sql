SELECT id AS order_id, customer_name,
       (SELECT group_concat(qty || ' ' || name, ', ') FROM order_lines WHERE order_id = orders.id) AS items,
       (SELECT sum(qty * unit_price_cents) FROM order_lines WHERE order_id = orders.id) AS total_cents,
       placed_on, status
FROM orders
