SELECT id AS product_id, name, price_cents, on_hand AS in_stock
FROM products JOIN stock ON product_id = id
