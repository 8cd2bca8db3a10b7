// SPDX-License-Identifier: Apache-2.0
// A daemon as the lab sees one: tells READY=1, answers SIGHUP by telling it again, ends on SIGTERM.
//
// Arguments: "silent" never tells, "deaf" ignores SIGTERM, "fail" ends with status 3 at once.
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

void tell(std::string_view text) {
  const char* path = getenv("NOTIFY_SOCKET");
  if (!path) return;
  sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = {}};
  std::string_view(path).copy(to.sun_path, sizeof(to.sun_path) - 1);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (sendto(fd, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof(to)) < 0)
    perror("notify");
  close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  sigset_t mine;
  sigemptyset(&mine);
  sigaddset(&mine, SIGHUP);
  sigaddset(&mine, SIGTERM);
  sigprocmask(SIG_BLOCK, &mine, nullptr);
  printf("stand-in %s\n", argc > 1 ? argv[1] : "");
  fflush(stdout);
  if (mode == "fail") return 3;
  if (mode != "silent") tell("STATUS=up\nREADY=1");
  for (;;) {
    int signo = 0;
    sigwait(&mine, &signo);
    if (signo == SIGTERM && mode != "deaf") return 0;
    if (signo != SIGHUP) continue;
    tell("RELOADING=1");
    usleep(50'000);
    tell("READY=1");
  }
}
