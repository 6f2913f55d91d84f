// The three ways of writing a report.
#include "app/runs/report_page.h"

#include <filesystem>

#include "compute/records/error.h"
#include "compute/records/output_file.h"

namespace moescope {

namespace {

/// `text` with characters replaced by what stands for them.
std::string replaced(const std::string& text, const std::vector<std::pair<char, const char*>>& signs) {
  std::string out;
  for (const char c : text) {
    const char* instead = nullptr;
    for (const auto& [sign, words] : signs) {
      if (sign == c) instead = words;
    }
    out += instead != nullptr ? std::string(instead) : std::string(1, c);
  }
  return out;
}

std::string html_text(const std::string& text) {
  return replaced(text, {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}});
}

std::string markdown_text(const std::string& text) {
  return replaced(text, {{'|', "\\|"}, {'\n', " "}, {'*', "\\*"}, {'_', "\\_"}, {'<', "&lt;"}, {'`', "\\`"}});
}

std::string markdown_row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += " " + markdown_text(cell) + " |";
  return line + "\n";
}

std::string markdown_table(const TextTable& table) {
  std::string text = markdown_row(table.rows().front()) + "|";
  for (size_t c = 0; c < table.rows().front().size(); ++c) text += table.is_right(c) ? "---:|" : "---|";
  text += "\n";
  for (size_t r = 1; r < table.rows().size(); ++r) text += markdown_row(table.rows()[r]);
  return text;
}

std::string html_table(const TextTable& table) {
  std::string text = "<table>\n";
  for (size_t r = 0; r < table.rows().size(); ++r) {
    const std::string tag = r == 0 ? "th" : "td";
    text += "<tr>";
    for (size_t c = 0; c < table.rows()[r].size(); ++c) {
      text += "<" + tag + (table.is_right(c) ? " class=\"number\">" : ">") + html_text(table.rows()[r][c]) + "</" +
              tag + ">";
    }
    text += "</tr>\n";
  }
  return text + "</table>\n";
}

constexpr const char* kStyle =
    "body{font:15px/1.5 Inter,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#1c1c1c}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "th,td{text-align:left;padding:.2em .8em .2em 0;border-bottom:1px solid #ddd}.number{text-align:right}"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}img{max-width:100%;height:auto}";

}  // namespace

std::string as_text(const ReportPage& page) {
  std::string text;
  for (const ReportSection& section : page.sections) {
    if (!section.heading.empty()) text += (text.empty() ? "" : "\n") + section.heading + "\n";
    if (!section.text.empty()) text += section.text + "\n";
    if (section.table) text += section.table->aligned();
  }
  return text;
}

std::string as_markdown(const ReportPage& page) {
  std::string text = "# " + markdown_text(page.title) + "\n";
  for (const ReportSection& section : page.sections) {
    if (!section.heading.empty()) text += "\n## " + markdown_text(section.heading) + "\n";
    if (!section.text.empty()) text += "\n" + markdown_text(section.text) + "\n";
    if (!section.picture_file.empty())
      text += "\n![" + markdown_text(section.heading) + "](" + section.picture_file + ")\n";
    if (section.table) text += "\n" + markdown_table(*section.table);
  }
  return text;
}

std::string as_html(const ReportPage& page) {
  std::string text = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" +
                     html_text(page.title) + "</title><style>" + kStyle + "</style></head><body>\n<h1>" +
                     html_text(page.title) + "</h1>\n";
  for (const ReportSection& section : page.sections) {
    if (!section.heading.empty()) text += "<h2>" + html_text(section.heading) + "</h2>\n";
    if (!section.text.empty()) text += "<p>" + html_text(section.text) + "</p>\n";
    text += section.picture;
    if (section.table) text += html_table(*section.table);
  }
  return text + "</body></html>\n";
}

void write_report(const ReportPage& page, const std::string& file) {
  const std::string ending = std::filesystem::path(file).extension().string();
  if (ending != ".md" && ending != ".html" && ending != ".txt") {
    throw UserError(file + " ends neither in .md nor in .html nor in .txt; its ending says how to write the report");
  }
  write_file(file, ending == ".md" ? as_markdown(page) : ending == ".html" ? as_html(page) : as_text(page));
}

}  // namespace moescope
