// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/ip_address.h"

namespace sluice {
namespace {

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  for (const char* text : {"192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1"}) {
    const auto a = IpAddress::parse(text);
    ASSERT_TRUE(a) << text;
    EXPECT_EQ(a->to_string(), text);
    EXPECT_EQ(a->family(), std::string(text).find(':') == std::string::npos ? AF_INET : AF_INET6);
  }
}

TEST(IpAddress, RefusesWhatIsNotOneSpelling) {
  for (const char* text :
       {"", "192.0.2", "192.0.2.256", "192.0.2.01", "192.0.2.1 ", " ::1", "1", "0x7f.0.0.1",
        "::ffff:192.0.2.1", "2001:db8::1%eth0", "::1/128", "[::1]"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse(std::string_view("::1\0", 4)));
}

TEST(IpAddress, KnowsItsKind) {
  const auto is = [](const char* text) { return *IpAddress::parse(text); };
  EXPECT_TRUE(is("0.0.0.0").is_unspecified());
  EXPECT_TRUE(is("::").is_unspecified());
  EXPECT_TRUE(is("127.3.2.1").is_loopback());
  EXPECT_TRUE(is("::1").is_loopback());
  EXPECT_FALSE(is("::2").is_loopback());
  EXPECT_TRUE(is("239.1.1.1").is_multicast());
  EXPECT_TRUE(is("ff02::1").is_multicast());
  EXPECT_TRUE(is("169.254.0.1").is_link_local());
  EXPECT_TRUE(is("febf::1").is_link_local());
  EXPECT_FALSE(is("fec0::1").is_link_local());
}

TEST(IpAddress, IsMappedInMemory) {
  const IpAddress::Bytes mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
  EXPECT_EQ(IpAddress::parse("192.0.2.1")->bytes(), mapped);
}

TEST(IpPrefix, ReadsAndWrites) {
  for (const char* text :
       {"192.0.2.0/24", "192.0.2.1", "2001:db8::/32", "2001:db8::1", "0.0.0.0/0"})
    EXPECT_EQ(IpPrefix::parse(text).value().to_string(), text);
  EXPECT_EQ(IpPrefix::parse("192.0.2.1/32"), IpPrefix::of(*IpAddress::parse("192.0.2.1")));
  for (const char* text : {"192.0.2.1/24", "192.0.2.0/33", "2001:db8::/129", "192.0.2.0/", "/8",
                           "192.0.2.0/024", "192.0.2.0/ 24", "192.0.2.0/-1", "192.0.2.0/24x"})
    EXPECT_FALSE(IpPrefix::parse(text)) << text;
}

TEST(IpPrefix, HoldsItsFamilysAddressesOnly) {
  const IpPrefix p = *IpPrefix::parse("192.0.2.128/25");
  EXPECT_TRUE(p.contains(*IpAddress::parse("192.0.2.128")));
  EXPECT_TRUE(p.contains(*IpAddress::parse("192.0.2.255")));
  EXPECT_FALSE(p.contains(*IpAddress::parse("192.0.2.127")));
  EXPECT_FALSE(IpPrefix::parse("::/0")->contains(*IpAddress::parse("192.0.2.1")));
  EXPECT_TRUE(IpPrefix::parse("0.0.0.0/0")->contains(*IpAddress::parse("192.0.2.1")));
}

TEST(MacAddress, ReadsAndWrites) {
  EXPECT_EQ(MacAddress::parse("02:aB:00:ff:10:0F")->to_string(), "02:ab:00:ff:10:0f");
  for (const char* text : {"", "02:00:00:00:00", "02:00:00:00:00:0g", "02-00-00-00-00-01",
                           "02:00:00:00:00:011", "020:0:00:00:00:01"})
    EXPECT_FALSE(MacAddress::parse(text)) << text;
}

}  // namespace
}  // namespace sluice
