// SPDX-License-Identifier: Apache-2.0
// All that a run has measured, as values: reports are made of these and of nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compare/cost.h"
#include "compare/load_report.h"

namespace sluice::bench {

// What figures are worthless without.
struct Machine {
  std::string processor, kernel, system, version;  // version: of sluice
  unsigned cpus = 0;
  uint64_t memory = 0;             // in bytes
  std::vector<std::string> tools;  // "nftables v1.0.6"
  double load = 0;                 // runnable threads when the run began (the last minute's mean)
};

struct CostSection {
  uint64_t packets = 0;  // in a sample
  uint32_t flows = 0;
  int rounds = 0, cpu = 0;
  std::string no_hardware;  // why there are no hardware counters; empty: there are
  std::vector<Measured> measured;
};

// Numbered packets while something was done to sluice, again and again.
struct Update {
  std::string name, what;
  uint64_t times = 0;  // done
  double seconds = 0;
  double rate = 0;  // packets a second
  uint64_t sent = 0, lost = 0, duplicated = 0;
  uint64_t misrouted = 0;  // by a way nobody has named, or another than their flow had before
  // Where all packets went over to other backends: once for each of the times they were exchanged,
  // if changes are atomic, or else never.
  uint64_t cuts = 0, cuts_due = 0;
  bool overrun = false;  // more than could be told apart: the counts do not hold
  double each_ms = 0;    // one of the times
};

// Packets with a clock in each, at rest and while something was done to sluice, again and again.
struct LatencyRow {
  std::string mode, change, what;
  uint64_t times = 0;  // done
  double each_ms = 0;  // one of the times
  LoadReport seen;
};

struct LatencySection {
  std::string driver;  // by which the generator reaches its interface: "af_xdp"
  std::vector<LatencyRow> rows;
};

// Flows that live while something wants to push them out.
struct Pressure {
  std::string name, what;
  uint64_t flows = 0, broken = 0;
  uint64_t packets = 0;  // of the flood
  double seconds = 0;
  uint64_t longest_wait_ms = 0;  // of a flow for an answer
};

// A cost over a size.
struct Point {
  double x = 0, y = 0;
  double spread = 0;  // interquartile range
  bool noisy = false;
};

struct Series {
  std::string name;
  std::vector<Point> points;  // by x, rising
};

struct Curve {
  std::string name;         // of its file: "services"
  std::string title, x, y;  // with units
  std::vector<Series> series;
};

struct Results {
  std::string date;  // "2026-11-26 10:00"
  bool quick = false;
  double seconds = 0;  // the whole run
  Machine machine;
  CostSection cost;
  std::vector<Update> updates;
  LatencySection latency;
  std::vector<Pressure> pressures;
  std::vector<Curve> curves;
  std::vector<std::string> notes;  // what was not measured, and why
};

}  // namespace sluice::bench
