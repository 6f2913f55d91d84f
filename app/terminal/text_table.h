// Rows of text in aligned columns, or as CSV: what commands print.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace moescope {

class TextTable {
 public:
  /// A heading that begins with '>' makes its column right-aligned.
  explicit TextTable(std::vector<std::string> headings);
  /// As many cells as headings.
  void add(std::vector<std::string> cells);

  /// The first row holds the headings.
  const std::vector<std::vector<std::string>>& rows() const { return rows_; }
  bool is_right(size_t column) const { return right_[column]; }

  std::string aligned() const;
  /// RFC 4180: cells with commas, quotes or line breaks are quoted.
  std::string csv() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the first one holds the headings
  std::vector<bool> right_;
};

std::string csv_cell(const std::string& text);

/// printf's "%.*f"; NaN is "NaN". With four decimals or more a number beyond a million, such as the loss of a run that
/// has diverged, is "4.541e+34".
std::string fixed(double value, int decimals);
/// The same; "-" where there is no number.
std::string or_dash(const std::optional<double>& value, int decimals);
/// 1234567 as "1.23 M", 950 as "950".
std::string with_unit(double value);
/// Seconds as "42 s", "3 min 20 s", "2 h 5 min".
std::string duration(double secs);

}  // namespace moescope
