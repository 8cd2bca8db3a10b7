// SPDX-License-Identifier: Apache-2.0
// Who gets the API's socket, and how it looks from outside.
#include "api/socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>

#include "api/fixture.h"

namespace sluice::api {
namespace {

using ::testing::HasSubstr;

struct SocketTest : ::testing::Test {
  TemporaryFolder folder;
  std::string path = folder.path("api.sock");

  mode_t mode() const {
    struct stat info = {};
    EXPECT_EQ(::lstat(path.c_str(), &info), 0);
    return info.st_mode;
  }
  // As if by a process that died: bound, and nobody listens.
  void leave_stale_socket() const {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {.sun_family = AF_UNIX};
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
};

TEST_F(SocketTest, IsForOwnerAndGroupWhateverTheUmask) {
  for (const mode_t mask : {0000, 0022, 0077, 0777}) {
    const mode_t old = ::umask(mask);
    const Result<ListeningSocket> socket = ListeningSocket::open(path);
    EXPECT_EQ(::umask(old), mask);
    ASSERT_TRUE(socket) << socket.error().message;
    EXPECT_EQ(mode(), mode_t(S_IFSOCK | 0660));
    EXPECT_EQ(probe_socket(path).value(), Occupant::kListener);
  }
}

TEST_F(SocketTest, DisappearsWithItsOwner) {
  ASSERT_TRUE(ListeningSocket::open(path));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  EXPECT_EQ(probe_socket(path).value(), Occupant::kNobody);
}

TEST_F(SocketTest, StaleSocketIsReplaced) {
  leave_stale_socket();
  ASSERT_EQ(probe_socket(path).value(), Occupant::kStale);
  const Result<ListeningSocket> socket = ListeningSocket::open(path);
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_EQ(probe_socket(path).value(), Occupant::kListener);
}

TEST_F(SocketTest, SecondOwnerIsRefused) {
  const Result<ListeningSocket> first = ListeningSocket::open(path);
  ASSERT_TRUE(first);
  const Result<ListeningSocket> second = ListeningSocket::open(path);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("another sluiced serves " + path));
  EXPECT_EQ(probe_socket(path).value(), Occupant::kListener);
}

TEST_F(SocketTest, ListenerWithoutOurLockIsRefused) {
  const Result<ListeningSocket> first = ListeningSocket::open(path);
  ASSERT_TRUE(first);
  std::filesystem::remove(path + ".lock");
  const Result<ListeningSocket> second = ListeningSocket::open(path);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("another process listens on " + path));
}

TEST_F(SocketTest, NothingButASocketIsReplaced) {
  std::ofstream(path) << "precious";
  EXPECT_THAT(ListeningSocket::open(path).error().message, HasSubstr("it is not a socket"));
  std::filesystem::remove(path);
  std::filesystem::create_symlink(folder.path("target"), path);
  EXPECT_THAT(ListeningSocket::open(path).error().message, HasSubstr("it is not a socket"));
  EXPECT_TRUE(std::filesystem::is_symlink(path));
}

TEST_F(SocketTest, LockIsNotTakenThroughASymbolicLink) {
  std::filesystem::create_symlink(folder.path("target"), path + ".lock");
  EXPECT_FALSE(ListeningSocket::open(path));
  EXPECT_FALSE(std::filesystem::exists(folder.path("target")));
}

TEST_F(SocketTest, MissingFolderIsMade) {
  path = folder.path("run/api.sock");
  EXPECT_TRUE(ListeningSocket::open(path));
  path = folder.path("a/b/api.sock");
  EXPECT_THAT(ListeningSocket::open(path).error().message,
              HasSubstr("create " + folder.path("a/b")));
}

TEST_F(SocketTest, PathTooLongForAnAddressIsAnError) {
  const Result<ListeningSocket> socket = ListeningSocket::open(folder.path(std::string(100, 'x')));
  EXPECT_THAT(socket.error().message, HasSubstr("1 to 107 characters"));
}

}  // namespace
}  // namespace sluice::api
