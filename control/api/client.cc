// SPDX-License-Identifier: Apache-2.0
#include "api/client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <chrono>
#include <memory>

namespace sluice::api {

namespace {

constexpr size_t kLargestAnswer = 64u << 20;
constexpr std::chrono::seconds kConnectTimeout(5);
constexpr std::chrono::seconds kAnswerTimeout(60);  // a reload loads and verifies programs

struct EasyCleanup {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, EasyCleanup>;

size_t append(char* data, size_t size, size_t n, void* userdata) {
  std::string& body = *static_cast<std::string*>(userdata);
  if (body.size() + size * n > kLargestAnswer) return 0;
  body.append(data, size * n);
  return size * n;
}

Error no_answer(CURL* handle, CURLcode code, const std::string& socket_path) {
  long os_error = 0;
  curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &os_error);
  const std::string says = "sluiced does not answer on " + socket_path + ": ";
  if (code != CURLE_COULDNT_CONNECT) return Error{says + curl_easy_strerror(code)};
  if (os_error == EACCES || os_error == EPERM)
    return Error{says + std::strerror(int(os_error)) + " (root and the socket's group may ask)"};
  return Error{says + (os_error ? std::strerror(int(os_error)) : curl_easy_strerror(code)) +
               " (is it running?)"};
}

Result<Reply> exchange(const char* method, const std::string& socket_path, const std::string& path,
                       const std::string* body = nullptr) {
  const Easy handle(curl_easy_init());
  if (!handle) return Error{"start an HTTP request: out of memory"};
  const std::string url = "http://sluiced" + path;
  std::string answer;
  CURL* const h = handle.get();
  curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, socket_path.c_str());
  curl_easy_setopt(h, CURLOPT_URL, url.c_str());
  curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);  // a service may be called ".."
  if (body) {
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, body->data());
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body->size()));
  }
  curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(h, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, long(kConnectTimeout.count()));
  curl_easy_setopt(h, CURLOPT_TIMEOUT, long(kAnswerTimeout.count()));
  curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(h, CURLOPT_WRITEDATA, &answer);
  if (const CURLcode code = curl_easy_perform(h); code != CURLE_OK)
    return no_answer(h, code, socket_path);

  Reply reply;
  curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &reply.status);
  reply.document = nlohmann::json::parse(answer, nullptr, /*allow_exceptions=*/false);
  if (reply.ok() && reply.document.is_discarded())
    return Error{"understand the answer to " + path + ": it is not JSON"};
  return reply;
}

Result<nlohmann::json> request(const char* method, const std::string& socket_path,
                               const std::string& path) {
  Result<Reply> reply = exchange(method, socket_path, path);
  if (!reply) return reply.error();
  if (!reply->ok()) return refusal(*reply);
  return std::move(reply->document);
}

}  // namespace

Error refusal(const Reply& reply) {
  const nlohmann::json& answer = reply.document;
  if (answer.is_object() && answer.contains("error") && answer["error"].is_string())
    return Error{"sluiced: " + answer["error"].get<std::string>()};
  return Error{fmt::format("sluiced: answered with status {}", reply.status)};
}

Result<nlohmann::json> get(const std::string& socket_path, const std::string& path) {
  return request("GET", socket_path, path);
}

Result<nlohmann::json> post(const std::string& socket_path, const std::string& path) {
  return request("POST", socket_path, path);
}

Result<Reply> get_reply(const std::string& socket_path, const std::string& path) {
  return exchange("GET", socket_path, path);
}

Result<Reply> post_body(const std::string& socket_path, const std::string& path,
                        const std::string& body) {
  return exchange("POST", socket_path, path, &body);
}

std::string path_segment(const std::string& name) {
  char* const escaped = curl_easy_escape(nullptr, name.data(), int(name.size()));
  std::string out = escaped ? escaped : "";
  curl_free(escaped);
  return out;
}

}  // namespace sluice::api
