-- find: name LIKE '%' || :key || '%'
SELECT id AS product_id, name FROM products
