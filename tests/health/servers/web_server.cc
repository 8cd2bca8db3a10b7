// SPDX-License-Identifier: Apache-2.0
#include "health/servers/web_server.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice::health {
namespace {

constexpr const char* kLocations = R"(
  location = /ok { return 200 "all is well"; }
  location = /sick { return 503; }
  location = /moved { return 302 /ok; }
  location = /large { root FOLDER; }
  location = /slow { root FOLDER; limit_rate 100; }
  location /document/ { root FOLDER; if (-f $request_filename.slow) { limit_rate 500; } }
  location = /weight/header { add_header X-Load-Balancing-Endpoint-Weight 50; return 200; }
  location = /weight/body { return 200 "50\n"; }
  location = /weight/nonsense { add_header X-Load-Balancing-Endpoint-Weight 1e9; return 200 "much"; }
  location = /who {
    return 200 "host=$http_host sni=$ssl_server_name protocol=$server_protocol cookie=$http_cookie agent=$http_user_agent encoding=$http_accept_encoding";
  }
)";

constexpr const char* kConfiguration = R"(
daemon off;
master_process off;
pid FOLDER/pid;
error_log stderr;
events { worker_connections 4096; }
http {
  log_format ours "$server_port $request_length $status";
  access_log FOLDER/requests ours;
  client_body_temp_path FOLDER/body;
  proxy_temp_path FOLDER/proxy;
  fastcgi_temp_path FOLDER/fastcgi;
  uwsgi_temp_path FOLDER/uwsgi;
  scgi_temp_path FOLDER/scgi;
  server { listen 127.0.0.1:PLAIN; listen [::1]:PLAIN; LOCATIONS }
  server { listen 127.0.0.1:HTTP2 http2; listen [::1]:HTTP2 http2; LOCATIONS }
  server {
    listen 127.0.0.1:SECURE ssl http2; listen [::1]:SECURE ssl http2;
    ssl_certificate FOLDER/good.pem; ssl_certificate_key FOLDER/key.pem; LOCATIONS
  }
  server {
    listen 127.0.0.1:EXPIRED ssl;
    ssl_certificate FOLDER/expired.pem; ssl_certificate_key FOLDER/key.pem; LOCATIONS
  }
  server {
    listen 127.0.0.1:SELF ssl;
    ssl_certificate FOLDER/self.pem; ssl_certificate_key FOLDER/key.pem; LOCATIONS
  }
}
)";

void replace_all(std::string& text, const std::string& word, const std::string& by) {
  for (size_t at = 0; (at = text.find(word, at)) != text.npos; at += by.size())
    text.replace(at, word.size(), by);
}

}  // namespace

WebServer::WebServer()
    : plain(free_port()),
      http2(free_port()),
      secure(free_port()),
      expired(free_port()),
      self(free_port()),
      authority(folder_.path("authority.pem")) {
  make_certificates();
  configure();
  std::ofstream(folder_.path("large")) << std::string(100'000, '.');
  std::ofstream(folder_.path("slow")) << std::string(2'000, '.');
  std::filesystem::create_directory(folder_.path("document"));
  restart();
}

void WebServer::restart() {
  child_.reset();
  child_ = std::make_unique<Child>(
      std::vector<std::string>{"/usr/sbin/nginx", "-c", folder_.path("nginx.conf")},
      folder_.path("log"));
  child_->wait_for_port(self);  // the last one of them
}

void WebServer::make_certificates() const {
  run_program(fmt::format(R"(exec >{0}/openssl.log 2>&1; set -e; cd {0}
key() {{ openssl ecparam -name prime256v1 -genkey -noout -out $1; }}
key key.pem; key authority.key
openssl req -new -x509 -key authority.key -subj "/CN=An authority" -days 30 -out authority.pem
openssl req -new -key key.pem -subj "/CN=shop.example" -out request.pem
echo "subjectAltName=DNS:shop.example,IP:127.0.0.1" >names
sign() {{ openssl x509 -req -in request.pem -CA authority.pem -CAkey authority.key \
  -CAcreateserial -extfile names "$@"; }}
sign -days 30 -out good.pem
sign -days -1 -out expired.pem
openssl x509 -req -in request.pem -signkey key.pem -extfile names -days 30 -out self.pem)",
                          folder_.path(".")));
}

void WebServer::configure() const {
  std::string text = kConfiguration;
  replace_all(text, "LOCATIONS", kLocations);
  replace_all(text, "FOLDER", folder_.path("."));
  replace_all(text, "PLAIN", std::to_string(plain));
  replace_all(text, "HTTP2", std::to_string(http2));
  replace_all(text, "SECURE", std::to_string(secure));
  replace_all(text, "EXPIRED", std::to_string(expired));
  replace_all(text, "SELF", std::to_string(self));
  std::ofstream(folder_.path("nginx.conf")) << text;
}

void WebServer::put(const std::string& name, const std::string& text, bool slow) const {
  const std::string path = folder_.path("document/" + name);
  if (slow)
    std::ofstream(path + ".slow") << "";
  else
    std::filesystem::remove(path + ".slow");
  // At once: a request never finds half of it.
  std::ofstream(path + ".new") << std::string(4'000, '.') << text << std::flush;
  std::filesystem::rename(path + ".new", path);
}

void WebServer::remove(const std::string& name) const {
  std::filesystem::remove(folder_.path("document/" + name));
}

std::string WebServer::requests() const {
  std::ostringstream text;
  text << std::ifstream(folder_.path("requests")).rdbuf();
  return text.str();
}

std::string WebServer::request_after(size_t bytes) const {
  std::string line;
  child_->wait_until([&] { return (line = requests().substr(bytes)).ends_with('\n'); });
  return line;
}

}  // namespace sluice::health
