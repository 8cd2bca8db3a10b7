// SPDX-License-Identifier: Apache-2.0
#include "netns/lab.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace sluice::netns {
namespace {

namespace fs = std::filesystem;

void remove_names(const std::string& lab) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(kNamesDirectory, ignored))
    if (entry.path().filename().string().starts_with(lab + "-")) fs::remove(entry, ignored);
}

// Lives outside the lab's mount namespace, so the directory is plain and empty of mounts here.
[[noreturn]] void be_janitor(int lab_alive, const std::string& name, const std::string& directory) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  setsid();  // a Ctrl-C is for the lab
  prctl(PR_SET_NAME, "lab-janitor");
  dup2(lab_alive, 0);
  const int null = open("/dev/null", O_RDWR);
  dup2(null, 1);
  dup2(null, 2);
  close_range(3, ~0U, 0);  // else it would keep other labs' pipes open
  char byte;
  while (read(0, &byte, 1) < 0 && errno == EINTR) continue;
  remove_names(name);
  std::error_code ignored;
  fs::remove_all(directory, ignored);
  _exit(0);
}

Result<void> leave_mount_namespace() {
  if (unshare(CLONE_NEWNS) < 0) return errno_error("make a private mount namespace (needs root)");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0)
    return errno_error("make all mounts private");
  return {};
}

}  // namespace

Result<std::unique_ptr<Lab>> Lab::create(bool named) {
  std::unique_ptr<Lab> lab(new Lab);
  std::string path = fs::temp_directory_path() / "sluice-lab-XXXXXX";
  if (!mkdtemp(path.data())) return errno_error("make the directory " + path);
  lab->directory_ = path;
  lab->name_ = fs::path(path).filename();
  lab->named_ = named;
  if (Result<void> r = lab->start_janitor(); !r) {
    rmdir(path.c_str());
    return r.error();
  }
  if (Result<void> r = leave_mount_namespace(); !r) return r.error();
  if (mkdir(lab->bpffs().c_str(), 0700) < 0) return errno_error("make " + lab->bpffs());
  if (mount("bpf", lab->bpffs().c_str(), "bpf", 0, nullptr) < 0)
    return errno_error("mount a bpffs on " + lab->bpffs());
  return lab;
}

Result<void> Lab::start_janitor() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return errno_error("make a pipe");
  const UniqueFd watched(ends[0]);
  UniqueFd alive(ends[1]);
  janitor_ = fork();
  if (janitor_ < 0) return errno_error("start the janitor");
  if (janitor_ == 0) be_janitor(watched.get(), name_, directory_);
  alive_ = std::move(alive);
  return {};
}

Lab::~Lab() {
  umount2(bpffs().c_str(), MNT_DETACH);
  alive_ = {};
  if (janitor_ > 0)
    while (waitpid(janitor_, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace sluice::netns
