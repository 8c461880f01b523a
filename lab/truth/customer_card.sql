SELECT customers.id AS customer_id, customers.name, count(standing.id) AS orders,
       coalesce(sum(standing.total_cents), 0) AS spent_cents
FROM customers
LEFT JOIN (
    SELECT id, customer_id,
           (SELECT sum(qty * unit_price_cents) FROM order_lines WHERE order_id = orders.id) AS total_cents
    FROM orders WHERE status <> 'cancelled'
) AS standing ON standing.customer_id = customers.id
GROUP BY customers.id
