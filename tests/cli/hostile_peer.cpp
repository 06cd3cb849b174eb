// usage: hostile_peer names|errors PORT_FILE
// Docker and Kong at one port of 127.0.0.1, which is written to the file. All that they say is well formed, and
// wherever there is a text it is one that would be an escape code, a line, a tag or a label of its own to whoever shows
// it as it is.
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

#include <httplib.h>

namespace {

/// As it stands in JSON.
const std::string k_evil =
    R"(x\u001b[2J\u0007\r\nPLANTED-LINE\u009b31m\u007f<script>alert(1)</script>\"} 1\nplanted_metric{a=\"'&\u2028)";

std::string replaced(std::string_view pattern) {
  std::string text;
  for (const char c : pattern) {
    text += c == '~' ? k_evil : std::string(1, c);
  }
  return text;
}

std::string container(std::string_view number, std::string_view state) {
  const auto text = replaced(R"({"Id": "id#~", "Name": "/shop-#", "State": {"Status": "$", "ExitCode": 1, "Error": "~",
      "StartedAt": "2026-01-01T00:00:00Z", "Health": {"Status": "unhealthy", "Log": [{"ExitCode": 1, "Output": "~"}]}},
      "Config": {"Image": "~", "Env": ["~=~"], "Labels": {"~": "~", "com.docker.compose.project": "~",
      "com.docker.compose.service": "~"}}, "HostConfig": {"NanoCpus": 0}, "NetworkSettings":
      {"Networks": {"~": {"IPAddress": "~"}}, "Ports": {"3020/tcp": [{"HostIp": "~", "HostPort": "1"}], "~": null}}})");
  std::string out;
  for (const char c : text) {
    if (c == '#') {
      out += number;
    } else if (c == '$') {
      out += state;
    } else {
      out += c;
    }
  }
  return out;
}

std::string logs() {
  const std::string line =
      "2026-01-01T00:00:00.000000001Z x\x1b[2J\x07PLANTED-LINE\xc2\x9b"
      "31m\xff<script>alert(1)\n";
  std::string frame("\x01\0\0\0\0\0\0", 7);
  frame += static_cast<char>(line.size());
  return frame + line;
}

std::string answer_to(const std::string& path) {
  const auto has = [&path](std::string_view part) { return path.find(part) != std::string::npos; };
  if (has("/containers/json")) {
    return replaced(R"([{"Id": "id1~", "Names": ["/shop-1"]}, {"Id": "id2~", "Names": ["/shop-2"]},
        {"Id": "id3~", "Names": ["/shop-3~"]}])");
  }
  if (has("/containers/id")) {
    return has("/stats")  ? "{}"
           : has("/logs") ? logs()
           : has("id1")   ? container("1", "running")
                          : container("2", "exited");
  }
  if (has("/health")) {
    return replaced(R"({"data": [{"target": "~:80", "weight": 100, "health": "~",
        "data": {"addresses": [{"ip": "~", "port": 80}]}}], "next": null})");
  }
  if (has("/targets")) {
    return replaced(R"({"data": [{"id": "~", "target": "~:80", "weight": 100, "tags": ["~"]},
        {"id": "a", "target": "shop-7:3020", "weight": 0, "tags": ["kscale.shop", "~"]}], "next": null})");
  }
  if (has("/status")) {
    return R"({"server": {"total_requests": 1, "connections_active": 1}, "database": {"reachable": true}})";
  }
  if (has("/metrics")) {
    return "# HELP kong_http_requests_total x\x1b[2J\nkong_http_requests_total{service=\"shop\",code=\"\x1b[2J\"} 1\n";
  }
  return replaced(R"({"version": "~", "name": "~", "id": "~", "MemTotal": 1, "~": "~"})");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: hostile_peer names|errors PORT_FILE\n", stderr);
    return 2;
  }
  const bool fails = std::string_view(argv[1]) == "errors";
  constexpr const char* k_any_path = R"([\s\S]*)";  // a path may have newlines in it
  httplib::Server server;
  const auto talk = [fails](const httplib::Request& request, httplib::Response& response) {
    response.set_header("Api-Version", "1.41");
    if (request.path.find("/_ping") != std::string::npos) {
      response.set_content("OK", "text/plain");
    } else if (fails || request.method != "GET") {
      response.status = 500;
      response.set_content(replaced(R"({"message": "~", "name": "~"})"), "application/json");
    } else {
      response.set_content(answer_to(request.path), "application/json");
    }
  };
  server.Get(k_any_path, talk);
  server.Post(k_any_path, talk);
  server.Put(k_any_path, talk);
  server.Patch(k_any_path, talk);
  server.Delete(k_any_path, talk);
  std::ofstream(std::string(argv[2]) + ".new") << server.bind_to_any_port("127.0.0.1");
  std::rename((std::string(argv[2]) + ".new").c_str(), argv[2]);
  server.listen_after_bind();
}
