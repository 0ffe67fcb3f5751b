// The same work on many inputs, side by side: some tasks compute, the others wait for a store.
//
//   EC_TRY(parallel_for(files.size(), {.computing = cores, .under_way = 64, .bytes = 64 << 20},
//                       [&](std::size_t i) { return upload(encode(files[i])); },   // upload() makes a Waiting
//                       [&](std::size_t i) { return size_of(files[i]); }));
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "earthcatalog/result.h"

namespace earthcatalog {

/// Limits how many tasks of one loop run at once.
struct Parallel {
  std::size_t computing = 1;  ///< tasks that compute: as many as there are cores to use
  std::size_t under_way = 1;  ///< tasks that compute or wait for a store; fewer than `computing` count as that many
  std::int64_t bytes = INT64_MAX;  ///< what tasks may hold together before more than `computing` of them are begun
};

/// Calls `work(i)` for every i in [0, count), begun in that order, on the calling thread and others. At most
/// `how.computing` tasks compute; while some of them wait for a store (Waiting), others are begun in their place, as
/// long as the `holds(i)` bytes of all that are under way fit into `how.bytes`. A thread is made when there is a task
/// for it and no thread is free: where no task waits, there are `how.computing` of them. The first error ends the loop:
/// no new task is begun, and the error is returned when all threads have come back.
Status parallel_for(std::size_t count, const Parallel& how, const std::function<Status(std::size_t)>& work,
                    const std::function<std::int64_t(std::size_t)>& holds = {});

/// The same with `workers` tasks at once, whatever they do.
Status parallel_for(std::size_t count, std::size_t workers, const std::function<Status(std::size_t)>& work);

class Turns;

/// While it lives, the calling thread waits for another machine and does not count as one that computes. Outside of
/// parallel_for() it does nothing. To compute again no thread has to wait: it may hold a lock that others need.
class Waiting {
 public:
  Waiting();
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Turns* turns_;  // of the innermost loop that this thread works for; null: none
};

}  // namespace earthcatalog
