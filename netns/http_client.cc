// SPDX-License-Identifier: Apache-2.0
#include "netns/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "netns/payload.h"

namespace sluice::netns {
namespace {

constexpr int kHopeless = 5;  // failures in a row

size_t count_body(char*, size_t size, size_t count, void* answer) {
  static_cast<Answer*>(answer)->body += size * count;
  return size * count;
}

struct Upload {
  uint64_t left;
  Pattern pattern = {};
  Digest digest = {};
};

size_t next_part(char* buffer, size_t size, size_t count, void* upload) {
  auto* u = static_cast<Upload*>(upload);
  const size_t part = std::min<uint64_t>(size * count, u->left);
  u->pattern.fill(buffer, part);
  u->digest.add(buffer, part);
  u->left -= part;
  return part;
}

std::string header(CURL* curl, const char* name) {
  curl_header* found = nullptr;
  if (curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) return "";
  return found->value;
}

// One libcurl handle, and with it the connections it keeps.
class Client {
 public:
  Client() : curl_(curl_easy_init()), headers_(curl_slist_append(nullptr, "Expect:")) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() {
    curl_slist_free_all(headers_);
    curl_easy_cleanup(curl_);
  }
  Answer ask(const Request& request);

 private:
  void prepare(const Request& request, Upload* upload, Answer* answer);
  std::string failure(CURLcode code) const;

  CURL* curl_;
  curl_slist* headers_;  // no "Expect: 100-continue": it costs a second where it is ignored
};

void Client::prepare(const Request& request, Upload* upload, Answer* answer) {
  curl_easy_reset(curl_);  // keeps connections
  curl_easy_setopt(curl_, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl_, CURLOPT_PROXY, "");  // whatever the environment says
  curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, long(request.patience.count()));
  curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, count_body);
  curl_easy_setopt(curl_, CURLOPT_WRITEDATA, answer);
  if (request.new_connection) {
    curl_easy_setopt(curl_, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(curl_, CURLOPT_FORBID_REUSE, 1L);
  }
  if (request.upload > 0) {
    curl_easy_setopt(curl_, CURLOPT_POST, 1L);
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.upload));
    curl_easy_setopt(curl_, CURLOPT_READFUNCTION, next_part);
    curl_easy_setopt(curl_, CURLOPT_READDATA, upload);
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
  }
}

// Equal failures get equal words, to be counted together.
std::string Client::failure(CURLcode code) const {
  std::string words = curl_easy_strerror(code);
  long error = 0;
  curl_easy_getinfo(curl_, CURLINFO_OS_ERRNO, &error);
  if (code != CURLE_OPERATION_TIMEDOUT && error != 0)
    words += std::string(": ") + strerror(int(error));
  return words;
}

Answer Client::ask(const Request& request) {
  Answer answer = {.url = request.url};
  Upload upload = {.left = request.upload};
  prepare(request, &upload, &answer);
  answer.sent = Clock::now();
  const CURLcode code = curl_easy_perform(curl_);
  answer.done = Clock::now();
  if (code != CURLE_OK) {
    answer.error = failure(code);
    return answer;
  }
  answer.backend = header(curl_, "Backend");
  if (answer.backend.empty()) answer.error = "an answer without a Backend header";
  answer.received = strtoull(header(curl_, "Received").c_str(), nullptr, 10);
  answer.received_digest = header(curl_, "Digest");
  answer.sent_digest = upload.digest.text();
  return answer;
}

void initialise_libcurl() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)once;
}

}  // namespace

Result<std::vector<Answer>> fetch(const Host& host, const std::vector<Request>& requests) {
  initialise_libcurl();
  return host.run([&]() -> Result<std::vector<Answer>> {
    Client client;
    std::vector<Answer> answers;
    int failures_in_a_row = 0;
    for (const Request& request : requests) {
      if (interrupted()) return Error{"interrupted"};
      answers.push_back(client.ask(request));
      failures_in_a_row = answers.back().error.empty() ? 0 : failures_in_a_row + 1;
      if (failures_in_a_row == kHopeless) break;
    }
    return answers;
  });
}

Result<std::vector<Answer>> fetch(const Host& host, const std::vector<std::string>& urls,
                                  size_t count) {
  std::vector<Request> requests;
  for (size_t i = 0; i < count; i++) requests.push_back({.url = urls[i % urls.size()]});
  return fetch(host, requests);
}

Result<std::unique_ptr<Traffic>> Traffic::start(const Host& host, std::vector<std::string> urls,
                                                unsigned per_second) {
  initialise_libcurl();
  std::unique_ptr<Traffic> traffic(new Traffic);
  traffic->thread_ = std::thread([&host, traffic = traffic.get(), urls = std::move(urls),
                                  per_second] { traffic->run(host, urls, per_second); });
  return traffic;
}

void Traffic::run(const Host& host, const std::vector<std::string>& urls, unsigned per_second) {
  const auto interval = std::chrono::nanoseconds(per_second ? 1'000'000'000 / per_second : 0);
  const Result<void> entered = host.enter();
  Client client;
  Clock::time_point due = Clock::now();
  for (size_t i = 0; !stopping_; i++) {
    Answer answer = {.error = entered ? "" : entered.error().message};
    if (entered) answer = client.ask({.url = urls[i % urls.size()]});
    {
      const std::lock_guard lock(mutex_);
      answers_.push_back(std::move(answer));
    }
    if (!entered) return;
    due = std::max(due + interval, Clock::now() - interval);
    std::this_thread::sleep_until(due);
  }
}

Traffic::~Traffic() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

std::vector<Answer> Traffic::answers() const {
  const std::lock_guard lock(mutex_);
  return answers_;
}

std::vector<Answer> Traffic::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  return answers_;
}

}  // namespace sluice::netns
