#pragma once

#include <string_view>

#include "tests/sandbox/backend.hpp"
#include "tests/sandbox/crew.hpp"
#include "tests/sandbox/docker/docker.hpp"
#include "tests/sandbox/http.hpp"
#include "tests/sandbox/kong/kong.hpp"
#include "tests/sandbox/load.hpp"
#include "tests/sandbox/loop.hpp"
#include "tests/sandbox/server.hpp"

namespace kscale::sandbox {

/// What a test can do to a machine while it runs, over HTTP:
///
///   POST /load           the body is a shape; it begins at once, and what was counted stays
///   POST /load/stop      sends no more
///   POST /load/reset     counts from zero
///   GET  /report         what the load came to so far
///   POST /restart-kong   a new Kong process: its counters, and without a database its changes, are lost
///   POST /database/off   Kong's database cannot be reached; /database/on brings it back
///   POST /capacity       the body is the number of requests per second that one instance serves
///   POST /start-up       the body is how many milliseconds an instance takes to come up
///   POST /exit?NAME      the process of the container dies with code 1
///
/// Everything is lent, and outlives it.
class Control {
 public:
  Control(Loop& loop, Crew& crew, Docker& docker, Kong& kong, Load& load, BackendBehaviour& behaviour)
      : m_loop(loop), m_crew(crew), m_docker(docker), m_kong(kong), m_load(load), m_behaviour(behaviour) {}

  /// On the loop.
  void answer(const Question& question, Server::Reply reply);

 private:
  Answer answer_at_once(const Question& question);

  Loop& m_loop;
  Crew& m_crew;
  Docker& m_docker;
  Kong& m_kong;
  Load& m_load;
  BackendBehaviour& m_behaviour;
};

}  // namespace kscale::sandbox
