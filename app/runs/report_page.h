// A report: headings, sentences, tables and pictures; to a terminal, as Markdown, or as one HTML file that needs no
// other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/terminal/text_table.h"

namespace moescope {

struct ReportSection {
  std::string heading, text;  // text: may be empty
  std::optional<TextTable> table;
  std::string picture;            // HTML, empty: none. A terminal does without
  std::string picture_file = {};  // for Markdown: a picture's place, seen from the report; empty: none
};

struct ReportPage {
  std::string title;
  std::vector<ReportSection> sections;
};

std::string as_text(const ReportPage& page);
std::string as_markdown(const ReportPage& page);
std::string as_html(const ReportPage& page);

/// By the file's ending: .md, .html or .txt. Throws UserError for another one and when it cannot be written.
void write_report(const ReportPage& page, const std::string& file);

}  // namespace moescope
