// SPDX-License-Identifier: Apache-2.0
// Every file of bad/ gives exactly the errors its first lines announce; those of good/ give none.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/reader.h"

namespace sluice {
namespace {

const std::filesystem::path kCases = SLUICE_CONFIG_CASES;

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kCases / folder))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

// The lines "# expect: 14:11: error: ..." at the top of the file.
std::vector<std::string> expected_errors(const std::filesystem::path& file) {
  constexpr std::string_view kPrefix = "# expect: ";
  std::vector<std::string> errors;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line) && line.starts_with(kPrefix);)
    errors.push_back(line.substr(kPrefix.size()));
  return errors;
}

std::vector<std::string> actual_errors(const std::filesystem::path& file) {
  const Result<Reading> reading = read_config_file(file);
  if (!reading) return {reading.error().message};
  EXPECT_EQ(reading->config.has_value(), reading->errors.empty());
  std::vector<std::string> errors;
  for (const Diagnostic& d : reading->errors)
    errors.push_back(to_string(d).substr(file.native().size() + 1));
  return errors;
}

std::string name_of(const testing::TestParamInfo<std::string>& info) {
  return info.param;
}

class Bad : public testing::TestWithParam<std::string> {};

TEST_P(Bad, GivesTheExpectedErrors) {
  const std::filesystem::path file = kCases / "bad" / (GetParam() + ".yaml");
  const std::vector<std::string> expected = expected_errors(file);
  EXPECT_FALSE(expected.empty()) << "no \"# expect:\" line in " << file;
  EXPECT_EQ(actual_errors(file), expected);
}

INSTANTIATE_TEST_SUITE_P(Files, Bad, testing::ValuesIn(files_in("bad")), name_of);

class Good : public testing::TestWithParam<std::string> {};

TEST_P(Good, GivesNoErrors) {
  EXPECT_EQ(actual_errors(kCases / "good" / (GetParam() + ".yaml")), std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Files, Good, testing::ValuesIn(files_in("good")), name_of);

TEST(Sample, GivesNoErrors) {
  EXPECT_EQ(actual_errors(SLUICE_CONFIG_SAMPLE), std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice
