// SPDX-License-Identifier: Apache-2.0
#include "compare/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace sluice::bench {

namespace {

constexpr double kWidth = 800, kTop = 60, kRight = 30;
constexpr const char* kColors[] = {"#1b6ca8", "#c1502e", "#3c8d40",
                                   "#7b4fa3", "#8a6d1d", "#444444"};

// `text` within an element.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}

// 1500 as 1.5 k, 2,000,000 as 2 M.
std::string short_number(double value) {
  if (value >= 1e6) return fmt::format("{:g}M", value / 1e6);
  if (value >= 1e3) return fmt::format("{:g}k", value / 1e3);
  return fmt::format("{:g}", value);
}

// What is drawn, bit by bit.
class Drawing {
 public:
  explicit Drawing(double height) {
    put("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\""
        " font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        kWidth, height);
  }
  void text(double x, double y, const std::string& what, const char* anchor = "start",
            const char* more = "") {
    put("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor, more,
        escaped(what));
  }
  void line(double x1, double y1, double x2, double y2, const char* color, double width = 1) {
    put("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" "
        "stroke-width=\"{}\"/>\n",
        x1, y1, x2, y2, color, width);
  }
  void bar(double x, double y, double width, double height, const char* color, bool open) {
    put("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" "
        "stroke=\"{}\"/>\n",
        x, y, width, height, open ? "white" : color, color);
  }
  void dot(double x, double y, const char* color, bool open) {
    put("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\" stroke=\"{}\"/>\n", x, y,
        open ? "white" : color, color);
  }
  std::string end() { return out_ + "</svg>\n"; }

 private:
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  std::string out_;
};

constexpr char kBold[] = " font-weight=\"bold\" font-size=\"16\"";
constexpr char kGrid[] = "#dddddd", kAxis[] = "#444444";

// From values to places.
struct Scale {
  double from = 0, to = 1;       // values
  double begin = 0, length = 1;  // places; a negative length goes up
  bool logarithmic = false;

  double place(double value) const {
    const double share = logarithmic
                             ? (std::log(value) - std::log(from)) / (std::log(to) - std::log(from))
                             : (value - from) / (to - from);
    return begin + share * length;
  }
};

double highest(const BarChart& chart) {
  double most = chart.line;
  for (const Bar& b : chart.bars) most = std::max({most, b.value, b.high});
  return most;
}

double highest(const Curve& curve) {
  double most = 0;
  for (const Series& s : curve.series)
    for (const Point& p : s.points) most = std::max(most, p.y + p.spread / 2);
  return most;
}

// Where the x axis has its lines: powers of ten, or the points themselves where there are too few.
std::vector<double> places(const Curve& curve, double least, double most) {
  std::vector<double> out;
  for (double t = std::pow(10, std::ceil(std::log10(least) - 1e-9)); t <= most * 1.001; t *= 10)
    out.push_back(t);
  if (out.size() > 1) return out;
  for (const Series& s : curve.series)
    for (const Point& p : s.points) out.push_back(p.x);
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void draw_series(Drawing& out, const Series& s, const Scale& x, const Scale& y, const char* color) {
  for (size_t i = 0; i < s.points.size(); i++) {
    const Point& p = s.points[i];
    const double px = x.place(p.x), py = y.place(p.y);
    if (i != 0)
      out.line(x.place(s.points[i - 1].x), y.place(s.points[i - 1].y), px, py, color, 1.5);
    out.line(px, y.place(p.y - p.spread / 2), px, y.place(p.y + p.spread / 2), color);
    out.dot(px, py, color, p.noisy);
  }
}

}  // namespace

std::vector<double> ticks(double most) {
  if (!(most > 0)) return {0, 1};
  const double power = std::pow(10, std::floor(std::log10(most)));
  double step = power / 5;
  for (const double more : {power / 2, power, 2 * power})
    if (most / step > 8) step = more;
  std::vector<double> out;
  for (int i = 0; out.empty() || out.back() < most; i++) out.push_back(i * step);
  return out;
}

std::string to_svg(const BarChart& chart) {
  constexpr double kLeft = 190, kRow = 26, kBar = 16, kBottom = 50;
  const double bottom = kTop + kRow * double(chart.bars.size());
  Drawing out(bottom + kBottom);
  out.text(20, 28, chart.title, "start", kBold);
  const std::vector<double> lines = ticks(highest(chart));
  const Scale x = {.to = lines.back(), .begin = kLeft, .length = kWidth - kLeft - kRight - 60};
  for (const double t : lines) {
    out.line(x.place(t), kTop, x.place(t), bottom, kGrid);
    out.text(x.place(t), bottom + 18, short_number(t), "middle");
  }
  out.text(x.place(lines.back() / 2), bottom + 38, chart.unit, "middle");
  for (size_t i = 0; i < chart.bars.size(); i++) {
    const Bar& b = chart.bars[i];
    const double y = kTop + kRow * double(i) + (kRow - kBar) / 2, middle = y + kBar / 2;
    const char* const color = b.label.starts_with("sluice") ? kColors[0] : kColors[5];
    out.text(kLeft - 8, middle + 4, b.label, "end");
    out.bar(kLeft, y, std::max(0.0, x.place(b.value) - kLeft), kBar, color, b.marked);
    out.line(x.place(b.low), middle, x.place(b.high), middle, kColors[1], 2);
    out.text(x.place(std::max(b.value, b.high)) + 6, middle + 4, fmt::format("{:.0f}", b.value));
  }
  if (chart.line > 0) {
    out.line(x.place(chart.line), kTop, x.place(chart.line), bottom, kColors[1]);
    out.text(x.place(chart.line), kTop - 4, chart.line_label, "middle");
  }
  return out.end();
}

std::string to_svg(const Curve& curve) {
  constexpr double kLeft = 80, kHeight = 420, kBottom = 60;
  Drawing out(kHeight);
  out.text(20, 28, curve.title, "start", kBold);
  double least = HUGE_VAL, most = 0;
  for (const Series& s : curve.series)
    for (const Point& p : s.points) least = std::min(least, p.x), most = std::max(most, p.x);
  if (most == 0) return out.end();
  const std::vector<double> lines = ticks(highest(curve));
  const Scale x = {.from = least,
                   .to = most > least ? most : least * 10,
                   .begin = kLeft,
                   .length = kWidth - kLeft - kRight - 170,
                   .logarithmic = true};
  const Scale y = {
      .to = lines.back(), .begin = kHeight - kBottom, .length = kTop + kBottom - kHeight};
  const double right = x.begin + x.length;
  for (const double t : lines) {
    out.line(kLeft, y.place(t), right, y.place(t), kGrid);
    out.text(kLeft - 8, y.place(t) + 4, short_number(t), "end");
  }
  for (const double t : places(curve, least, most)) {
    out.line(x.place(t), kTop, x.place(t), y.begin, kGrid);
    out.text(x.place(t), y.begin + 18, short_number(t), "middle");
  }
  out.line(kLeft, y.begin, right, y.begin, kAxis);
  out.text((kLeft + right) / 2, y.begin + 42, curve.x, "middle");
  out.text(20, kTop - 12, curve.y);
  for (size_t i = 0; i < curve.series.size(); i++) {
    const char* const color = kColors[i % std::size(kColors)];
    draw_series(out, curve.series[i], x, y, color);
    out.dot(right + 20, kTop + 20 * double(i), color, false);
    out.text(right + 30, kTop + 20 * double(i) + 4, curve.series[i].name);
  }
  return out.end();
}

}  // namespace sluice::bench
