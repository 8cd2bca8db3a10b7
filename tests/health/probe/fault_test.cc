// SPDX-License-Identifier: Apache-2.0
#include "health/probe/fault.h"

#include <gtest/gtest.h>

#include "health/probe/outcome.h"

namespace sluice::health {
namespace {

TEST(Fault, NothingIsBadBeforeAnythingWasSent) {
  for (int error = 1; error < 134; error++)
    EXPECT_EQ(failed(errno_error("open a socket", -error)).answer, Answer::kUnknown)
        << strerror(error);
}

TEST(Fault, WhatIsOurOwnIsNeverBad) {
  for (int error : {EMFILE, ENFILE, EADDRNOTAVAIL, EADDRINUSE, ENETDOWN, ENODEV, ENOBUFS, ENOMEM,
                    EPERM, EAGAIN, EINVAL, ENOSPC, EIO})
    for (Moment moment : {Moment::kAsking, Moment::kWaiting})
      EXPECT_EQ(answer_of(moment, error), Answer::kUnknown) << strerror(error);
}

TEST(Fault, OurRoutingTableIsOursAndWhatIcmpSaysIsNot) {
  for (int error : {ENETUNREACH, EHOSTUNREACH, EACCES, EMSGSIZE, EHOSTDOWN, ENONET, ENOPROTOOPT,
                    EPROTO, EOPNOTSUPP}) {
    EXPECT_EQ(answer_of(Moment::kAsking, error), Answer::kUnknown) << strerror(error);
    EXPECT_EQ(answer_of(Moment::kWaiting, error), Answer::kBad) << strerror(error);
  }
}

TEST(Fault, WhatTheBackendSaysIsBadWheneverItComes) {
  for (int error : {ECONNREFUSED, ECONNRESET, EPIPE, ETIMEDOUT})
    for (Moment moment : {Moment::kAsking, Moment::kWaiting})
      EXPECT_EQ(answer_of(moment, error), Answer::kBad) << strerror(error);
}

TEST(Fault, SaysWhatWasBeingDoneWhereItIsOurs) {
  EXPECT_EQ(failed(Moment::kWaiting, "connect", ECONNREFUSED).text, "connection refused");
  EXPECT_EQ(failed(Moment::kAsking, "connect", ENETUNREACH).text,
            "connect: network is unreachable");
  EXPECT_EQ(failed(Moment::kAsking, "send", EIO).text, "send: input/output error");
  EXPECT_EQ(failed(Moment::kWaiting, "send", EPIPE).text, "connection reset by peer");
}

TEST(OutcomeText, IsOneLineOfAtMost200Bytes) {
  const std::string text = bad(std::string(150, 'a') + "\n" + std::string(300, 'b')).text;
  EXPECT_EQ(text.size(), 200u);
  EXPECT_EQ(text.substr(148, 8), "aa\\x0abb");
  EXPECT_EQ(text.substr(197), "...");
}

TEST(OutcomeText, DoesNotEndInHalfACharacter) {
  for (size_t shift = 0; shift < 3; shift++) {
    std::string text(shift, 'a');
    for (int i = 0; i < 200; i++) text += "\xe2\x82\xac";
    const std::string shown = bad(text).text;
    EXPECT_LE(shown.size(), 200u);
    EXPECT_EQ(shown.find('\\'), std::string::npos) << shown;
    EXPECT_EQ((shown.size() - 3 - shift) % 3, 0u);
  }
}

TEST(OutcomeText, WhoLooksTooLateKnowsNothing) {
  using std::chrono::milliseconds;
  const Outcome in_time =
      too_late("no answer", milliseconds(1000), milliseconds(250), " (connected)");
  EXPECT_EQ(in_time.answer, Answer::kBad);
  EXPECT_EQ(in_time.text, "no answer within 1s (connected)");
  const Outcome late = too_late("no answer", milliseconds(1000), milliseconds(251));
  EXPECT_EQ(late.answer, Answer::kUnknown);
  EXPECT_EQ(late.text, "no answer within 1s, but we were held up for 251ms ourselves");
}

TEST(OutcomeText, DurationsAndQuotations) {
  using std::chrono::milliseconds;
  EXPECT_EQ(in_words(milliseconds(2000)), "2s");
  EXPECT_EQ(in_words(milliseconds(1500)), "1500ms");
  EXPECT_EQ(in_quotes("a\nb"), "\"a\\x0ab\"");
  EXPECT_EQ(in_quotes(std::string(100, 'x')), "\"" + std::string(48, 'x') + "...\"");
}

}  // namespace
}  // namespace sluice::health
