INSERT INTO routing_maps (run_id, step, layer, image, token_set, router, grid_height, grid_width, has_class_token,
                          num_tokens, num_experts, temperature, k, capacity, actual_capacity_factor, slots_per_expert, scale,
                          gates, expert, weight, place, drop_reason, dispatch, combine, expert_off)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
