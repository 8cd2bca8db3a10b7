// SPDX-License-Identifier: Apache-2.0
// packet_test [--via CARRIER]: which way the rows take to the program (carrier.h).
#include <gmock/gmock.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "packet/carrier.h"

namespace {

const char* via(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i++)
    if (std::strcmp(argv[i], "--via") == 0) return argv[i + 1];
  return "test-run";
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  // Listing the tests needs no rights.
  if (!testing::GTEST_FLAG(list_tests)) {
    auto made = sluice::test::make_carrier(via(argc, argv));
    if (!made) {
      std::fprintf(stderr, "%s\n", made.error().message.c_str());
      return 1;
    }
    sluice::test::set_carrier(std::move(*made));
  }
  return RUN_ALL_TESTS();
}
