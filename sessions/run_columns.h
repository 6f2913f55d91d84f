// What the run table can show, sort and filter by: its own columns, every setting, and the last value of every metric.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace moescope {

/// The columns that are not settings or metrics, under the names that people type.
std::vector<std::string_view> run_column_names();

/// SQL for one column of `run_summaries r`: "test_accuracy", the setting "router.k" (a number when the setting is one),
/// or the last value of the metric "layer3/dropped". Throws UserError naming the nearest column or setting.
std::string column_sql(std::string_view name);

/// SQL for a condition in which people wrote such names: "router.k >= 2 AND test_accuracy > 0.9 AND tags LIKE
/// '%paper%'". A metric, which has slashes, stands in double quotes: "layer3/dropped" < 0.1. Throws UserError for a
/// name that is none, and for text that is no single condition (";", comments, parentheses that do not match).
std::string condition_sql(std::string_view condition);

}  // namespace moescope
