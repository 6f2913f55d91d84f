-- More points of one bucket. ?1 run, ?2 key, ?3 level, ?4 bucket, then count, NaN, infinities, min, max, sum.
INSERT INTO metric_pyramids_data VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT DO UPDATE SET
  count = count + excluded.count,
  num_nan = num_nan + excluded.num_nan,
  num_inf = num_inf + excluded.num_inf,
  min = min(ifnull(min, excluded.min), ifnull(excluded.min, min)),
  max = max(ifnull(max, excluded.max), ifnull(excluded.max, max)),
  sum = sum + excluded.sum
