SELECT product_id, placed_on AS day,
       sum(iif(status = 'cancelled', 0, qty)) AS units,
       sum(iif(status = 'cancelled', 0, qty * unit_price_cents)) AS revenue_cents
FROM orders JOIN order_lines ON order_id = orders.id
GROUP BY product_id, placed_on
