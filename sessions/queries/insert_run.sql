INSERT INTO runs (name, started_at, updated_at, state, num_parameters, gflops_per_image)
VALUES (?1, ?2, ?2, 'preparing', ?3, ?4)
