// SPDX-License-Identifier: Apache-2.0
#include "netns/report.h"

#include <fmt/format.h>
#include <langinfo.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <cstring>

namespace sluice::netns {
namespace {

constexpr char kBold[] = "1", kGreen[] = "32", kRed[] = "31", kDim[] = "2";
constexpr char kMargin[] = "  ";

// Output is read while it happens, also through a pipe.
void print(const std::string& text) {
  fmt::print("{}", text);
  fflush(stdout);
}

}  // namespace

Report::Report() {
  const bool terminal = isatty(STDOUT_FILENO);
  setlocale(LC_CTYPE, "");
  colour_ = terminal && !getenv("NO_COLOR");
  unicode_ = terminal && !strcmp(nl_langinfo(CODESET), "UTF-8");
}

std::string Report::painted(const char* code, std::string_view text) const {
  return colour_ ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

void Report::heading(std::string_view text) {
  print("\n" + painted(kBold, text) + "\n");
}

void Report::line(std::string_view text) {
  print(text.empty() ? "\n" : fmt::format("{}{}\n", kMargin, text));
}

void Report::quote(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    print(kMargin + painted(kDim, text.substr(0, end)) + "\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void Report::good(std::string_view text) {
  line(painted(kGreen, text));
}

void Report::bad(std::string_view text) {
  line(painted(kRed, text));
}

void Report::picture(Topology& topology) {
  const std::string_view wire = unicode_ ? "───" : "---", fork = unicode_ ? "─┬─" : "-+-";
  const std::string_view side = unicode_ ? "├─" : "|-", last = unicode_ ? "└─" : "`-";
  line(fmt::format("client {} router {} balancer  {:<12}  sluiced, XDP on {}", wire, fork,
                   kBalancer4, kDevice));
  for (const BackendHost& b : topology.backends())
    line(fmt::format("{:19}{} {:<8}  {:<12}  sluice-agent, web server", "",
                     &b == &topology.backends().back() ? last : side, b.name, b.v4));
  line("");
  line(fmt::format("The client ({}) asks for {} and {};", kClient4, kVip4, kVip6));
  line("backends answer it through the router, past the balancer.");
}

void Report::shares(const Tally& tally, const Weights& weights) {
  line(fmt::format("{:<10} {:>6} {:>9} {:>9} {:>8}", "backend", "weight", "expected", "answered",
                   "share"));
  const double answers = double(std::max<size_t>(1, tally.answers()));
  const auto row = [&](const std::string& name, const std::string& weight) {
    line(fmt::format("{:<10} {:>6} {:>8.1f}% {:>9} {:>7.1f}%", name, weight,
                     100 * expected_share(weights, name), tally.answers_of(name),
                     100 * double(tally.answers_of(name)) / answers));
  };
  for (const auto& [name, weight] : weights) row(name, std::to_string(weight));
  for (const auto& [name, count] : tally.answered)
    if (!weights.contains(name)) row(name, "none");
}

}  // namespace sluice::netns
