// SPDX-License-Identifier: Apache-2.0
#include "health/probe/exec_probe.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "health/probe/conclusion.h"
#include "health/probe/fault.h"
#include "health/probe/outcome.h"
#include "health/probe/socket.h"
#include "health/probe/spawn.h"

namespace sluice::health {

namespace {

using std::chrono::milliseconds;

constexpr size_t kLongestLine = 400;  // what is kept of the output
// A program that writes more than that is not read any longer: others would wait meanwhile.
constexpr size_t kMostOutput = 1 << 20;

std::vector<std::string> environment_of(const Way& way, milliseconds timeout) {
  return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "SLUICE_ADDRESS=" + way.address.to_string(), fmt::format("SLUICE_PORT={}", way.port),
          fmt::format("SLUICE_MARK={}", way.mark),
          fmt::format("SLUICE_TIMEOUT_MS={}", timeout.count())};
}

class ExecProbe : public Probe {
 public:
  ExecProbe(Probers& probers, const ExecCheck& check, const Way& way, milliseconds timeout,
            Done done)
      : probers_(probers), conclusion_(*probers.deadlines, timeout, std::move(done)) {
    conclusion_.begin([this] { return last_look(); });
    if (std::optional<Outcome> outcome = start(check, way))
      conclusion_.reach_soon(std::move(*outcome));
  }
  ~ExecProbe() override { end_child(); }

 private:
  std::optional<Outcome> start(const ExecCheck& check, const Way& way);
  void read_output();
  void end_child();
  Outcome ended();
  Outcome judge(const siginfo_t& end) const;
  Outcome last_look();

  Probers& probers_;
  Conclusion conclusion_;
  std::optional<Program> child_;  // until it has been reaped, or given to the reaper
  EventLoop::Source end_, output_;
  std::string line_;
  size_t read_ = 0;
};

std::optional<Outcome> ExecProbe::start(const ExecCheck& check, const Way& way) {
  Result<Program> child = spawn(check.command, environment_of(way, conclusion_.timeout()));
  if (!child) return failed(child.error());
  child_ = std::move(*child);
  Result<EventLoop::Source> end =
      probers_.loop.on_readable(child_->pidfd.get(), [this] { conclusion_.reach(ended()); });
  if (!end) return failed(end.error());
  end_ = std::move(*end);
  Result<EventLoop::Source> output =
      probers_.loop.on_readable(child_->output.get(), [this] { read_output(); });
  if (!output) return failed(output.error());
  output_ = std::move(*output);
  return {};
}

void ExecProbe::read_output() {
  if (!child_->output.valid()) return;
  char buffer[64 << 10];
  const ssize_t n = read(child_->output.get(), buffer, sizeof buffer);
  if (n < 0 && errno == EAGAIN) return;
  if (n > 0) {
    read_ += size_t(n);
    if (line_.size() < kLongestLine)
      line_.append(buffer, std::min(size_t(n), kLongestLine - line_.size()));
    if (read_ < kMostOutput) return;
  }
  // Closed, or too much: whoever goes on writing gets SIGPIPE.
  output_ = {};
  child_->output = {};
}

// Its group ends with it, as what it has left in the background would never end otherwise. What it
// has written is still in the pipe; nobody waits for others that hold it open.
Outcome ExecProbe::ended() {
  read_output();
  kill_group(*child_);
  siginfo_t end = {};
  const int r = waitid(P_PIDFD, id_t(child_->pidfd.get()), &end, WEXITED);
  end_ = {};
  output_ = {};
  child_.reset();
  if (r < 0) return unknown(errno_error("wait for the program").message);
  return judge(end);
}

Outcome ExecProbe::judge(const siginfo_t& end) const {
  const std::string_view line = std::string_view(line_).substr(0, line_.find('\n'));
  if (end.si_code != CLD_EXITED)
    return unknown(fmt::format("ended by signal {} ({})", end.si_status, strsignal(end.si_status)));
  if (end.si_status == 0) return good(line.empty() ? "exit status 0" : line);
  if (end.si_status == 1) return bad(line.empty() ? "exit status 1" : line);
  return unknown(fmt::format("exit status {}, which is neither 0 (good) nor 1 (bad){}{}",
                             end.si_status, line.empty() ? "" : ": ", line));
}

Outcome ExecProbe::last_look() {
  if (is_ready(child_->pidfd.get(), POLLIN)) return ended();
  end_child();
  return conclusion_.too_late("no answer");
}

void ExecProbe::end_child() {
  if (!child_) return;
  end_ = {};
  output_ = {};
  kill_group(*child_);
  probers_.reaper.take(std::move(child_->pidfd));
  child_.reset();
}

}  // namespace

std::unique_ptr<Probe> start_exec_probe(Probers& probers, const ExecCheck& check, const Way& way,
                                        milliseconds timeout, Done done) {
  return std::make_unique<ExecProbe>(probers, check, way, timeout, std::move(done));
}

}  // namespace sluice::health
