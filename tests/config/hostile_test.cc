// SPDX-License-Identifier: Apache-2.0
// Whatever the file holds, it is answered in bounded time and memory, and never by a signal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>

#include "config/reader.h"

#if defined(__SANITIZE_ADDRESS__)
#define SLUICE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLUICE_SANITIZED 1
#endif
#endif

namespace sluice {
namespace {

#if defined(SLUICE_SANITIZED)
constexpr bool kSanitized = true;  // needs terabytes of addresses, and time
#else
constexpr bool kSanitized = false;
#endif
// Within 2 s is the promise; the rest is for slow and busy machines. Debug builds may take longer.
#if defined(NDEBUG)
constexpr rlim_t kMaxCpuSeconds = kSanitized ? 100 : 10;
#else
constexpr rlim_t kMaxCpuSeconds = kSanitized ? 100 : 30;
#endif
constexpr rlim_t kMaxAddressSpace = rlim_t(512) << 20;
constexpr long kMaxResidentKib = 256 << 10;

const std::string kHead = "version: 1\ninterfaces: {eth0: {}}\ndefaults: {seed: swordfish}\n";

std::string repeat(const std::string& piece, size_t times) {
  if (piece.size() == 1) return std::string(times, piece[0]);
  std::string text;
  text.reserve(piece.size() * times);
  for (size_t i = 0; i < times; i++) text += piece;
  return text;
}

// The pieces for 0, 1, 2, ... one after another.
std::string each(size_t count, const std::function<std::string(size_t)>& piece) {
  std::string text;
  for (size_t i = 0; i < count; i++) text += piece(i);
  return text;
}

struct Hostile {
  std::string name;
  std::function<std::string()> text;
  std::string error;  // part of the first diagnostic; empty: the file is good
};

std::ostream& operator<<(std::ostream& out, const Hostile& h) {
  return out << h.name;
}

std::string ip4(size_t i) {
  return std::to_string(11 + (i >> 24)) + "." + std::to_string(i >> 16 & 255) + "." +
         std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255);
}

const Hostile kEncodings[] = {
    {"ByteOrderMark", [] { return "\xef\xbb\xbf" + kHead; }, ":1:1: error: the file starts with a"},
    {"Utf16LittleEndian",
     [] {
       return std::string(
           "\xff\xfe"
           "v\0e\0",
           6);
     },
     ":1:1: error: the file is UTF-16"},
    {"Utf16BigEndian",
     [] {
       return std::string(
           "\xfe\xff"
           "\0v\0e",
           6);
     },
     ":1:1: error: the file is UTF-16"},
    {"Utf16WithoutMark", [] { return std::string("v\0e\0", 4); }, ":1:2: error: a NUL byte"},
    {"Nul", [] { return kHead + std::string("a: b\0c\n", 7); }, ":4:5: error: a NUL byte"},
    {"NotUtf8", [] { return kHead + "a: b\xff\n"; }, ":4:5: error: the byte \\xff is not UTF-8"},
    {"OverlongUtf8", [] { return kHead + "a: \xc0\xaf\n"; }, ":4:4: error: the byte \\xc0 is not"},
    {"CutUtf8", [] { return kHead + "a: \xe2\x82"; }, ":4:4: error: the byte \\xe2 is not UTF-8"},
    {"C1Control",
     [] {
       return kHead +
              "a: \xc2\x9b"
              "2J\n";
     },
     ":4:4: error: a control character"},
    {"SixteenMebibytesOfNel", [] { return repeat("\xc2\x85", 8 << 20); }, ":1:1: error: a control"},
    {"SixteenMebibytesOfContinuation", [] { return repeat("\x80", 16 << 20); },
     ":1:1: error: the byte"},
    {"FifteenMebibytesOfLineSeparators", [] { return "#" + repeat("\xe2\x80\xa8", 5 << 20); },
     ":1:2: error: a line break of Unicode (U+2028)"},
    {"FifteenMebibytesBeyondAscii", [] { return "[" + repeat("\xc3\xb6,", 5 << 20); },
     ":1:2999999: error: the file has more than 1000000 values"},
};

const Hostile kSizes[] = {
    {"HundredMegabytes", [] { return repeat("a", 100'000'000); }, "larger than 16 MiB"},
    {"OneMegabyteScalar", [] { return "a: " + repeat("x", 1 << 20) + "\n" + kHead; },
     "unknown key"},
    {"SixteenMebibyteScalar", [] { return "a: " + repeat("x", (16 << 20) - 3); },
     ":1:1: error: unknown key \"a\""},
    {"SixteenMebibyteQuote", [] { return "a: '" + repeat("''", (8 << 20) - 3) + "'"; },
     ":1:1: error: unknown key \"a\""},
    {"SixteenMebibyteKey", [] { return repeat("x", (16 << 20) - 3) + ": a"; },
     ":1:16777214: error: \":\" is not expected here"},
    {"SixteenMebibyteComment", [] { return repeat("#", 16 << 20); }, "the file is empty"},
    {"SixteenMebibytesOfSpaces", [] { return repeat(" ", 16 << 20); }, "the file is empty"},
    {"SixteenMebibytesOfColons", [] { return repeat(":", 16 << 20); },
     ":1:16777216: error: YAML sees a map here"},
    {"SixteenMebibytesOfLines", [] { return repeat("\n", 16 << 20); }, "more than 1048576 lines"},
    {"MillionsOfDocuments", [] { return repeat("---\n", 1 << 20); },
     ":2:1: error: a second document"},
    {"MillionsOfNodes", [] { return repeat("- - - a\n", 1 << 20); }, "more than 1000000 values"},
    {"TwoHundredThousandEntries",
     [] {
       return kHead + "services:\n" +
              each(200'000, [](size_t i) { return "  s" + std::to_string(i) + ": {}\n"; });
     },
     ":5:3: error: services.s0: \"vip\" is missing"},
    {"HalfAMillionUnknownKeys",
     [] { return each(499'000, [](size_t i) { return "k" + std::to_string(i) + ": \n"; }); },
     ":1:1: error: unknown key \"k0\""},
    {"FoldedLines", [] { return "[" + repeat("a b\n", (1 << 20) - 2); }, ":1:1: error: "},
    {"FoldedLinesFillingTheFile", [] { return "[" + repeat("a b c d e f g h\n", (1 << 20) - 2); },
     ":1:1: error: "},
};

// libyaml wipes a buffer as long as the longest run of blanks at every word or line of a value.
const Hostile kBlanks[] = {
    {"BlanksAndAMillionWords", [] { return "a: b" + repeat(" ", 8 << 20) + repeat("c ", 1 << 20); },
     ":1:5: error: too many spaces or empty lines in a row"},
    {"BlanksAndAsManyWordsAsPossible",
     [] { return "a: \"b" + repeat(" ", 2000) + repeat("c d ", (4 << 20) - 2000) + "\""; },
     ":1:1: error: unknown key \"a\""},
    {"EmptyLinesAndBlankOnes",
     [] { return "a: |1\n" + repeat("\n", 500'000) + repeat("  \n", 500'000); },
     ":1:6: error: too many spaces or empty lines in a row"},
    {"AsManyEmptyLinesAndWordsAsPossible",
     [] { return "a: |1\n" + repeat("\n", 16'000) + repeat(" x\n", 1'000'000); },
     ":1:1: error: unknown key \"a\""},
    {"AHundredThousandEmptyLines", [] { return repeat("\n", 100'000) + kHead + "services: {}\n"; },
     ""},
};

const Hostile kShapes[] = {
    {"DeepFlowList", [] { return repeat("[", 100'000); }, "nested more than 32"},
    {"DeepFlowMap", [] { return repeat("{a: ", 100'000); }, "nested more than 32"},
    {"MillionsOfBrackets", [] { return repeat("[", 10'000'000); },
     ":1:33: error: nested more than 32"},
    {"MillionsOfClosingBrackets", [] { return repeat("]", 10'000'000); }, "closes nothing"},
    {"MillionsOfCommas", [] { return "[" + repeat(",", 10'000'000); },
     ":1:2: error: a value is expected here"},
    {"MillionsOfQuotes", [] { return repeat("\"", 10'000'000); }, ":1:3: error: a second document"},
    {"MillionsOfStrings", [] { return "[" + repeat("\"a\",", 3 << 20); },
     "more than 1000000 values"},
    {"NestedWithoutCommas", [] { return repeat("[a", 8 << 20); },
     ":1:3: error: \",\" or \"]\" is expected here"},
    // What libyaml looks ahead for, up to 1024 bytes: whether this is a key after all.
    {"MillionsOfKeysThatCouldBe",
     [] { return repeat("- " + repeat("[{", 15) + repeat("a: b, ", 160) + "\n", 15'000); },
     ":2:1: error: a value is expected here"},
    {"MillionsOfValuesInKeys",
     [] { return repeat("- {[" + repeat("a,", 500) + "]: x}\n", 15'000); },
     "more than 1000000 values"},
    {"DeepBlockMap",
     [] { return each(1000, [](size_t i) { return std::string(i, ' ') + "a:\n"; }); },
     ":33:33: error: nested more than 32"},
    {"DeepBlockList", [] { return repeat("- ", 100'000); }, ":1:65: error: nested more than 32"},
    {"DeepExplicitKeys", [] { return repeat("? ", 100'000); }, "nested more than 32"},
    {"FallingIndentation",
     [] { return each(5000, [](size_t i) { return std::string(5000 - i, ' ') + "a: b\n"; }); },
     "a second document"},
    {"AliasBomb",
     [] {
       return "a0: &a0 [x]\n" + each(40, [](size_t i) {
                const std::string to = std::to_string(i + 1), from = std::to_string(i);
                return "a" + to + ": &a" + to + " [" + repeat("*a" + from + ", ", 9) + "]\n";
              });
     },
     ":1:5: error: YAML anchors"},
    {"AliasOfItself", [] { return std::string("&x [*x]"); }, ":1:1: error: YAML anchors"},
    {"MillionsOfAnchors", [] { return repeat("- &a b\n", 900'000); }, ":1:3: error: YAML anchors"},
    {"MillionsOfTags", [] { return repeat("!a ", 5 << 20); }, ":1:1: error: "},
    {"MillionsOfDirectives", [] { return repeat("%TAG ! x\n", 900'000); }, ":1:1: error: YAML dir"},
};

// Nothing wrong with the form.
const Hostile kMeanings[] = {
    {"AMillionTimesTheSameVip",
     [] {
       return kHead + "services:\n  a:\n    ports: 80/tcp\n    vip:\n" +
              repeat("    - 192.0.2.1\n", 990'000);
     },
     "\"pool\" is missing"},
    {"BillionsOfEndpoints",
     [] {
       return kHead + "services:\n  a:\n    backends: 10.0.0.1\n    vip:\n" +
              each(300'000, [](size_t i) { return "    - " + ip4(i) + "\n"; }) + "    ports:\n" +
              each(65'535, [](size_t i) { return "    - " + std::to_string(i + 1) + "/tcp\n"; });
     },
     "more than 262144 pairs of VIP and port"},
    {"AHundredThousandRangesInOneAnother",
     [] {
       return kHead + "services:\n  a:\n    vip: 192.0.2.1\n    backends: 10.0.0.1\n    ports:\n" +
              each(100'000, [](size_t i) {
                return "    - " + std::to_string(i / 200 + 1) + "-" +
                       std::to_string(65'000 - i % 200) + "/udp\n";
              });
     },
     ":10:7: error: services.a.ports[1]: 1-64999/udp overlaps "},
    {"SixtyThousandServicesWithRangesInOneAnother",
     [] {
       return kHead + "services:\n" + each(60'000, [](size_t i) {
                const std::string first = std::to_string(i % 30'000 + 1);
                return "  s" + std::to_string(i) + ": {vip: 192.0.2.1, ports: " + first +
                       "-60000/udp, backends: []}\n";
              });
     },
     ":6:13: error: services.s1.vip: 2-60000/udp of 192.0.2.1 overlaps 1-60000/udp of services.s0"},
    {"AsManyRangesAsPossible",
     [] {
       return kHead + "services:\n  a:\n    vip: [192.0.2.0/24, 192.0.2.0]\n" +
              "    backends: 10.0.0.1\n    ports:\n    - any/udp\n    - 65535/udp\n" +
              each(32'767, [](size_t i) {
                return "    - " + std::to_string(2 * i + 1) + "-" + std::to_string(2 * i + 2) +
                       "/udp\n";
              });
     },
     ""},
    {"TwoHundredThousandBackendsAndNestedVips",
     [] {
       const auto vip = [](size_t i) {
         const std::string n = std::to_string(i + 3);
         return "  v" + n + ": {vip: \"2000::/" + n + "\", ports: 1/tcp, backends: []}\n";
       };
       const auto service = [](size_t i) {
         const std::string n = std::to_string(i);
         return "  s" + n + ": {vip: 192.0.2." + n + ", ports: 1/tcp, backends: [10.0.0.1" +
                each(10'000, [](size_t b) { return ", 4000::1:" + std::to_string(b % 10'000); }) +
                "]}\n";
       };
       return kHead + "services:\n" + each(126, vip) + each(20, service);
     },
     ""},
    {"AHundredThousandMisspelledPools",
     [] {
       return kHead + "pools:\n" +
              each(100'000,
                   [](size_t i) { return "  pool" + std::to_string(i) + ": {backends: {}}\n"; }) +
              "services:\n" + each(60'000, [](size_t i) {
                const std::string n = std::to_string(i);
                return "  s" + n + ": {vip: 192.0.2.1, ports: 1/tcp, pool: poool" + n + "}\n";
              });
     },
     "no pool \"poool0\""},
    {"TooManyBackends",
     [] {
       return kHead + "services: {}\npools:\n  web:\n    backends:\n" + each(16'384, [](size_t i) {
                return "      b" + std::to_string(i) + ": {address: " + ip4(i) + "}\n";
              });
     },
     ":6:3: error: pools.web: 16384 backends; at most 16383 are supported"},
    {"AsManyBackendsAsPossible",
     [] {
       return kHead + "services: {}\npools:\n  web:\n    backends:\n" + each(16'383, [](size_t i) {
                return "      b" + std::to_string(i) + ": {address: " + ip4(i) + "}\n";
              });
     },
     ""},
    {"AHundredThousandBackendsInOneLineOfJson",
     [] {
       const auto pool = [](size_t p) {
         return (p == 0 ? "\"p" : ",\"p") + std::to_string(p) + "\":{\"backends\":{" +
                each(10'000,
                     [&](size_t b) {
                       return (b == 0 ? "\"b" : ",\"b") + std::to_string(b) + "\":{\"address\":\"" +
                              ip4(p * 10'000 + b) + "\"}";
                     }) +
                "}}";
       };
       return "{\"version\":1,\"interfaces\":{\"eth0\":{}},\"defaults\":{\"seed\":\"swordfish\"},"
              "\"services\":{},\"pools\":{" +
              each(10, pool) + "}}";
     },
     ""},
    {"ALargeDefaultCheckOfAHundredThousandPools",
     [] {
       return "version: 1\ninterfaces: {eth0: {}}\ndefaults: {seed: swordfish, check: {exec: /" +
              repeat("a", 4000) + "}}\nservices: {}\npools:\n" + each(100'000, [](size_t i) {
                return "  p" + std::to_string(i) + ": {backends: {}, check: {rise: 1}}\n";
              });
     },
     "the check of the defaults takes more than 16 MiB up to here"},
    {"EightyThousandChecks",
     [] {
       return "version: 1\ninterfaces: {eth0: {}}\n"
              "defaults: {seed: swordfish, check: {http: /healthz, host: shop.example}}\n"
              "services:\n" +
              each(80'000, [](size_t i) {
                return "  s" + std::to_string(i) + ": {vip: " + ip4(i) +
                       ", ports: 80/tcp, backends: []}\n";
              });
     },
     ""},
    {"TenThousandServices",
     [] {
       return kHead + "services:\n" + each(10'000, [](size_t i) {
                return "  s" + std::to_string(i) + ": {vip: " + ip4(i) +
                       ", ports: [80/tcp, 443/tcp, 443/udp], backends: [10.0.0.1, 10.0.0.2]}\n";
              });
     },
     ""},
};

// In the child: reads the text under limits and writes the first diagnostic to `out`.
[[noreturn]] void answer(const Hostile& h, int out) {
  const std::string text = h.text();
  const rlimit cpu = {kMaxCpuSeconds, kMaxCpuSeconds}, space = {kMaxAddressSpace, kMaxAddressSpace};
  setrlimit(RLIMIT_CPU, &cpu);
  if (!kSanitized) setrlimit(RLIMIT_AS, &space);
  const Reading reading = read_config(text, "f.yaml");
  if (reading.config.has_value() != reading.errors.empty()) _exit(2);
  const std::string first = reading.errors.empty() ? "" : to_string(reading.errors[0]);
  _exit(::write(out, first.data(), first.size()) == ssize_t(first.size()) ? 0 : 3);
}

class HostileFile : public testing::TestWithParam<Hostile> {};

TEST_P(HostileFile, IsAnsweredWithinBounds) {
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) answer(GetParam(), pipe_fds[1]);
  close(pipe_fds[1]);
  char buffer[4096];
  const ssize_t n = read(pipe_fds[0], buffer, sizeof(buffer));
  close(pipe_fds[0]);
  int status = 0;
  rusage usage = {};
  ASSERT_EQ(wait4(child, &status, 0, &usage), child);
  ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const std::string answer(buffer, size_t(std::max<ssize_t>(n, 0)));
  if (GetParam().error.empty()) {
    EXPECT_EQ(answer, "");
  } else {
    EXPECT_THAT(answer, testing::HasSubstr(GetParam().error));
  }
  if (!kSanitized) {
    EXPECT_LE(usage.ru_maxrss, kMaxResidentKib);
  }
}

std::string name_of(const testing::TestParamInfo<Hostile>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Encodings, HostileFile, testing::ValuesIn(kEncodings), name_of);
INSTANTIATE_TEST_SUITE_P(Sizes, HostileFile, testing::ValuesIn(kSizes), name_of);
INSTANTIATE_TEST_SUITE_P(Blanks, HostileFile, testing::ValuesIn(kBlanks), name_of);
INSTANTIATE_TEST_SUITE_P(Shapes, HostileFile, testing::ValuesIn(kShapes), name_of);
INSTANTIATE_TEST_SUITE_P(Meanings, HostileFile, testing::ValuesIn(kMeanings), name_of);

}  // namespace
}  // namespace sluice
