// SPDX-License-Identifier: Apache-2.0
#include "health/probe/transfer.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <utility>

#include "health/probe/curl_failure.h"
#include "health/probe/fault.h"
#include "health/probe/outcome.h"
#include "health/probe/socket.h"

namespace sluice::health {
namespace {

// "192.0.2.1:80", "[2001:db8::1]:80"
std::string endpoint(const Way& way) {
  const std::string address = way.address.to_string();
  return way.address.is_v4() ? fmt::format("{}:{}", address, way.port)
                             : fmt::format("[{}]:{}", address, way.port);
}

// As long as the payload of a full packet, so that a request with it in it does not get through
// where such packets do not; but half of what servers take as headers at least, which is 8 KiB.
// HPACK has no shorter code for 'X' than 8 bits.
std::string padding_header(const Way& way) {
  constexpr uint32_t kMost = 4096;
  return "X-Sluice-Padding: " + std::string(std::min(segment_size(way), kMost), 'X');
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::optional<std::string_view> Reply::header(std::string_view name) const {
  std::optional<std::string_view> value;
  for (std::string_view rest = headers; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.size() > name.size() && line[name.size()] == ':' &&
        ::strncasecmp(line.data(), name.data(), name.size()) == 0)
      value = trimmed(line.substr(name.size() + 1));
  }
  return value;
}

Transfer::Transfer(CurlLoop& loop, Request request, Ended ended)
    : loop_(loop), request_(std::move(request)), ended_(std::move(ended)), easy_(curl_easy_init()) {
}

Transfer::~Transfer() {
  if (easy_) loop_.remove(easy_.get());
}

std::unique_ptr<Transfer> Transfer::start(CurlLoop& loop, Request request, Ended ended) {
  std::unique_ptr<Transfer> self(new Transfer(loop, std::move(request), std::move(ended)));
  self->begin();
  return self;
}

void Transfer::begin() {
  if (easy_) {
    prepare_connection();
    prepare_tls();
    prepare_request();
    if (loop_.add(easy_.get()) == CURLM_OK) return;
  }
  reply_.failure = unknown("out of memory");
  Result<EventLoop::Source> at_once =
      loop_.event_loop().after(std::chrono::milliseconds(0), [this] { end(); });
  if (at_once) at_once_ = std::move(*at_once);
}

// What may not be: a connection that has been used before, a name that has to be looked up, a proxy
// from our environment.
void Transfer::prepare_connection() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, static_cast<CurlUser*>(this));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, message_.data());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, std::max(1L, long(request_.timeout.count())));
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  if (request_.host.empty()) return;
  append(connect_to_, "::" + endpoint(request_.way));  // whatever the URL says
  curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to_.get());
}

void Transfer::prepare_tls() {
  if (!request_.tls) return;
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, request_.verify ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, request_.verify ? 2L : 0L);
  // A session that is resumed would not show a certificate that has expired since.
  curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  if (!request_.verify) return;
  // libcurl keeps authorities that it has read only if they come from a file alone.
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 60L);
  if (!loop_.authorities().empty())
    curl_easy_setopt(easy, CURLOPT_CAINFO, loop_.authorities().c_str());
}

void Transfer::prepare_request() {
  CURL* easy = easy_.get();
  const std::string url =
      fmt::format("{}://{}{}", request_.tls ? "https" : "http",
                  request_.host.empty() ? endpoint(request_.way) : request_.host, request_.path);
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                   long(!request_.http2 ? CURL_HTTP_VERSION_1_1
                        : request_.tls  ? CURL_HTTP_VERSION_2TLS
                                        : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE));
  if (request_.post) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, long(request_.post->size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.post->data());
  }
  append(headers_, "User-Agent: sluice/" SLUICE_VERSION);
  for (const std::string& header : request_.headers) append(headers_, header);
  if (request_.way.max_packet > 0) append(headers_, padding_header(request_.way));
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
}

void Transfer::append(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (!longer) return;  // out of memory: the request lacks a line
  (void)list.release();
  list.reset(longer);
}

curl_socket_t Transfer::on_open(void* self, curlsocktype, curl_sockaddr*) {
  Transfer* transfer = static_cast<Transfer*>(self);
  Result<UniqueFd> fd = open_stream(transfer->request_.way);
  if (fd) return fd->release();
  transfer->ours_ = fd.error();
  return CURL_SOCKET_BAD;
}

// libcurl gives whole lines. Those of an answer before the last one (100 Continue) are forgotten,
// but counted.
size_t Transfer::on_header(char* data, size_t size, size_t count, void* self) {
  Transfer* transfer = static_cast<Transfer*>(self);
  const std::string_view line(data, size * count);
  transfer->header_bytes_ += line.size();
  if (transfer->header_bytes_ > kMostHeaders) return 0;
  Reply& reply = transfer->reply_;
  if (!line.starts_with("HTTP/")) {
    reply.headers += line;
    return line.size();
  }
  reply.headers.clear();
  reply.status_text = trimmed(line.substr(std::min(line.find(' '), line.size())));
  return line.size();
}

size_t Transfer::on_body(char* data, size_t size, size_t count, void* self) {
  Reply& reply = static_cast<Transfer*>(self)->reply_;
  const std::string_view more(data, size * count);
  reply.whole = reply.body.size() + more.size() <= kMostBody;
  reply.body += more.substr(0, kMostBody - reply.body.size());
  return reply.whole ? more.size() : 0;
}

void Transfer::waits(int what, const Result<void>& watched) {
  waited_ = true;
  read_ |= (what & CURL_POLL_IN) != 0;
  if (!watched) ours_ = watched.error();
}

void Transfer::ended(CURLcode result) {
  long status = 0, version = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_VERSION, &version);
  reply_.status = int(status);
  reply_.http2 = version == CURL_HTTP_VERSION_2_0;
  const bool cut = result == CURLE_WRITE_ERROR && !reply_.whole;  // by us
  if (result != CURLE_OK && !cut) reply_.failure = failure(result);
  end();
}

// The one who is told may destroy us.
void Transfer::end() {
  const Ended ended = std::move(ended_);
  ended(std::move(reply_));
}

Outcome Transfer::failure(CURLcode result) const {
  if (ours_) return failed(*ours_);
  if (header_bytes_ > kMostHeaders)
    return bad(fmt::format("more than {} bytes of headers", kMostHeaders));
  long os_error = 0;
  curl_off_t connect = 0, encrypt = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &os_error);
  // Over TLS that is set only after the handshake, but from a connection alone is read.
  curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME_T, &connect);
  curl_easy_getinfo(easy_.get(), CURLINFO_APPCONNECT_TIME_T, &encrypt);
  return explain({.code = result,
                  .os_error = int(os_error),
                  .message = message_.data(),
                  .http2 = request_.http2,
                  .waited = waited_,
                  .connected = connect != 0 || read_,
                  .encrypted = encrypt != 0,
                  .answer = reply_.status_text,
                  .timeout = request_.timeout,
                  .took = std::chrono::duration_cast<std::chrono::milliseconds>(
                      std::chrono::steady_clock::now() - start_)});
}

}  // namespace sluice::health
