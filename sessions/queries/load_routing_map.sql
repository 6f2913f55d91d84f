-- The order of sessions/routing_blobs.cpp: labels, then arrays.
SELECT image, router, layer, step, token_set, grid_height, grid_width, has_class_token, num_tokens, num_experts, temperature,
       k, capacity, actual_capacity_factor, slots_per_expert, scale,
       gates, expert, weight, place, drop_reason, dispatch, combine, expert_off
FROM routing_maps
WHERE map_id = ?
