// A scene as CSV and for LaTeX.
#include <array>
#include <charconv>
#include <cmath>

#include "figure/palette.h"
#include "figure/scene_data.h"

namespace moescope::figure {
namespace {

std::string number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

/// Rows of one mark; what a mark does not have is empty.
struct CsvRows {
  std::string& out;
  std::string panel;
  void row(const char* mark, const std::string& name, const std::string& x, const std::string& y,
           const std::string& low = "", const std::string& high = "") const {
    out += panel + "," + mark + "," + cell(name) + "," + cell(x) + "," + y + "," + low + "," + high + "\n";
  }
  void operator()(const Line& m) const {
    for (size_t i = 0; i < m.x.size(); ++i) row("line", m.name, number(m.x[i]), number(m.y[i]));
  }
  void operator()(const Band& m) const {
    for (size_t i = 0; i < m.x.size(); ++i) row("band", "", number(m.x[i]), "", number(m.low[i]), number(m.high[i]));
  }
  void operator()(const Scatter& m) const {
    for (size_t i = 0; i < m.x.size(); ++i)
      row("scatter", m.labels.empty() ? m.name : m.labels[i], number(m.x[i]), number(m.y[i]));
  }
  void operator()(const Bars& m) const {
    for (size_t i = 0; i < m.names.size(); ++i) {
      row("bar", m.names[i], "", number(m.values[i]), m.low.empty() ? "" : number(m.low[i]),
          m.high.empty() ? "" : number(m.high[i]));
    }
  }
  void operator()(const Ridge& m) const {
    for (const Histogram& h : m.histograms) {
      const auto bins = static_cast<double>(h.counts.size());
      for (size_t i = 0; i < h.counts.size(); ++i) {
        const auto edge = [&](double bin) { return number(m.first + (m.last - m.first) * bin / bins); };
        row("bin", h.label, edge(static_cast<double>(i) + 0.5), number(h.counts[i]), edge(static_cast<double>(i)),
            edge(static_cast<double>(i) + 1));
      }
    }
  }
  void operator()(const HeatMap& m) const {
    for (int64_t r = 0; r < m.rows; ++r) {
      for (int64_t c = 0; c < m.columns; ++c) {
        row("cell", "row " + std::to_string(r), "column " + std::to_string(c),
            number(m.values[static_cast<size_t>(r * m.columns + c)]));
      }
    }
  }
  void operator()(const ImageGrid& m) const {
    for (const GridImage& image : m.images) {
      for (size_t i = 0; i < image.expert.size(); ++i)
        row("patch", image.label, "patch " + std::to_string(i), std::to_string(image.expert[i]));
    }
  }
};

std::string tex(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("&%$#_{}").find(c) != std::string_view::npos) out += '\\';
    out += c == '\\' || c == '~' || c == '^' ? ' ' : c;
  }
  return out;
}

std::string coordinates(const std::vector<double>& x, const std::vector<double>& y) {
  std::string text = "coordinates {";
  for (size_t i = 0; i < x.size(); ++i) text += "(" + number(x[i]) + "," + number(y[i]) + ") ";
  return text + "};\n";
}

struct TexPlots {
  std::string& out;
  std::string color(int64_t index) const {
    const Color c = palette_color(index);
    return "{rgb,1:red," + number(c.r) + ";green," + number(c.g) + ";blue," + number(c.b) + "}";
  }
  void legend(const std::string& name) const {
    if (!name.empty()) out += "\\addlegendentry{" + tex(name) + "}\n";
  }
  void operator()(const Line& m) const {
    out += "\\addplot[color=" + color(m.color) + (m.dots ? ",mark=*" : ",mark=none") + ",unbounded coords=jump] " +
           coordinates(m.x, m.y);
    legend(m.name);
  }
  void operator()(const Band& m) const {
    std::vector<double> x = m.x, y = m.high;
    x.insert(x.end(), m.x.rbegin(), m.x.rend());
    y.insert(y.end(), m.low.rbegin(), m.low.rend());
    out += "\\addplot[draw=none,forget plot,fill=" + color(m.color) + ",fill opacity=0.22] " + coordinates(x, y);
  }
  void operator()(const Scatter& m) const {
    out += "\\addplot[only marks,color=" + color(m.color) + "] " + coordinates(m.x, m.y);
    legend(m.name);
  }
  void operator()(const Bars& m) const {
    out += "\\addplot[xbar,fill=" + color(m.color) + "] coordinates {";
    for (size_t i = 0; i < m.values.size(); ++i) out += "(" + number(m.values[i]) + "," + std::to_string(i) + ") ";
    out += "};\n";
  }
  void operator()(const HeatMap& m) const {
    out += "\\addplot[matrix plot*,point meta=explicit,mesh/cols=" + std::to_string(m.columns) + "] coordinates {\n";
    for (int64_t r = 0; r < m.rows; ++r) {
      for (int64_t c = 0; c < m.columns; ++c) {
        const auto middle = [](double first, double last, int64_t i, int64_t n) {
          return first + (last - first) * (static_cast<double>(i) + 0.5) / static_cast<double>(n);
        };
        out += "(" + number(middle(m.x_first, m.x_last, c, m.columns)) + "," +
               number(middle(m.y_first, m.y_last, r, m.rows)) + ") [" +
               number(m.values[static_cast<size_t>(r * m.columns + c)]) + "] ";
      }
      out += "\n";
    }
    out += "};\n";
  }
  void operator()(const Ridge&) const { out += "% a histogram ridge has no counterpart in pgfplots; use the PDF\n"; }
  void operator()(const ImageGrid&) const { out += "% an image grid has no counterpart in pgfplots; use the PDF\n"; }
};

std::string axis_options(const Panel& panel) {
  std::string options =
      "title={" + tex(panel.title) + "},xlabel={" + tex(panel.x.label) + "},ylabel={" + tex(panel.y.label) + "}";
  if (panel.x.log) options += ",xmode=log";
  if (panel.y.log) options += ",ymode=log";
  const auto names = [&](const char* axis, const AxisSpec& spec) {
    if (spec.names.empty()) return;
    std::string places, labels;
    for (const auto& [value, name] : spec.names) {
      places += (places.empty() ? "" : ",") + number(value);
      labels += "{" + tex(name) + "},";
    }
    options += std::string(",") + axis + "tick={" + places + "}," + axis + "ticklabels={" + labels + "}";
  };
  names("x", panel.x), names("y", panel.y);
  const auto bound = [&](const char* name, const std::optional<double>& value) {
    if (value) options += std::string(",") + name + "=" + number(*value);
  };
  bound("xmin", panel.x.low), bound("xmax", panel.x.high), bound("ymin", panel.y.low), bound("ymax", panel.y.high);
  for (const Mark& mark : panel.marks) {
    if (const auto* bars = std::get_if<Bars>(&mark)) {
      options += ",y dir=reverse,ytick={0,...," + std::to_string(bars->names.size() - 1) + "},yticklabels={";
      for (const std::string& name : bars->names) options += "{" + tex(name) + "},";
      options += "}";
    }
    if (std::holds_alternative<HeatMap>(mark)) options += ",colorbar,colormap/viridis,enlargelimits=false";
  }
  return options;
}

}  // namespace

std::string scene_csv(const Scene& scene, const std::string& note) {
  std::string out = "panel,mark,name,x,y,low,high\n";
  for (size_t p = 0; p < scene.panels.size(); ++p) {
    const std::string& title = scene.panels[p].title;
    const CsvRows rows{out, cell(title.empty() ? std::to_string(p + 1) : title)};
    for (const Mark& mark : scene.panels[p].marks) std::visit(rows, mark);
    for (const EventMark& event : scene.panels[p].events) rows.row("event", event.text, number(event.x), "");
  }
  if (!note.empty()) CsvRows{out, ""}.row("note", note, "", "");
  return out;
}

std::string scene_pgfplots(const Scene& scene, const std::string& note) {
  std::string out = note.empty() ? std::string() : "% " + note + "\n";
  out += "\\documentclass{standalone}\n\\usepackage{pgfplots}\n\\pgfplotsset{compat=1.16}\n\\begin{document}\n";
  for (const Panel& panel : scene.panels) {
    out += "\\begin{tikzpicture}\n\\begin{axis}[" + axis_options(panel) + "]\n";
    for (const Mark& mark : panel.marks) std::visit(TexPlots{out}, mark);
    for (const EventMark& event : panel.events) {
      out += "\\draw[dashed,gray] ({axis cs:" + number(event.x) +
             ",0}|-{rel axis cs:0,0}) -- ({axis cs:" + number(event.x) + ",0}|-{rel axis cs:0,1}); % " + event.text +
             "\n";
    }
    out += "\\end{axis}\n\\end{tikzpicture}\n";
  }
  return out + "\\end{document}\n";
}

}  // namespace moescope::figure
