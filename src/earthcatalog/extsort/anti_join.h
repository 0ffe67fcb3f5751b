// Finds the hashes of one ascending sequence that are not in another, in memory or with one side streamed from a file.
// What is not ascending is put in order first, by sort_by_hash() or HashSorter.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "earthcatalog/extsort/hash_sort.h"
#include "earthcatalog/result.h"

namespace earthcatalog::extsort {

/// Ascending hashes, piece by piece. Not thread-safe.
class HashStream {
 public:
  virtual ~HashStream() = default;
  /// The next piece, valid until the next call; empty at the end.
  virtual Result<std::span<const Hash128>> next() = 0;
};

/// The positions that anti_join() came to on both sides.
struct AntiJoinEnd {
  std::size_t wanted = 0, known = 0;
};

/// The inside of anti_join(): some steps of it, of which each goes one further on one side.
template <class Record>
struct AntiJoinLane {
  static constexpr std::size_t kSteps = 1024;
  AntiJoinEnd at;
  std::size_t found = 0;
  std::array<Record, kSteps> missing;

  // Which side advances is as good as random, so nothing branches on it.
  void step(std::span<const Record> wanted, std::span<const Hash128> known) {
    const auto want = number_of(wanted[at.wanted].key), have = number_of(known[at.known]);
    const auto below = static_cast<std::size_t>(want < have), above = static_cast<std::size_t>(want > have);
    missing[found] = wanted[at.wanted];
    found += below;
    at.wanted += 1 - above;
    at.known += above;
  }
};

/// Finds where `steps` steps lead to; both sides have as many elements left (O. Green et al., "Merge Path", 2012).
template <class Record>
AntiJoinEnd skip_steps(std::span<const Record> wanted, std::span<const Hash128> known, AntiJoinEnd from,
                       std::size_t steps) {
  std::size_t low = 0, high = steps;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const bool taken = number_of(wanted[from.wanted + middle].key) <= number_of(known[from.known + steps - 1 - middle]);
    if (taken) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return {.wanted = from.wanted + low, .known = from.known + steps - low};
}

/// Calls `visit(std::span<const Record>)`, a Status, with those of `wanted` whose key is not in `known`, in order,
/// until one side ends; what is left of `wanted` then is above everything in `known`. Both ascend; `wanted` may hold a
/// key many times. `Record` has a member `Hash128 key`.
///
/// Each step waits for the one before it, so two stretches are gone through at once where both sides are long enough.
template <class Record, class Visit>
Result<AntiJoinEnd> anti_join(std::span<const Record> wanted, std::span<const Hash128> known, Visit visit) {
  constexpr std::size_t kSteps = AntiJoinLane<Record>::kSteps;
  AntiJoinLane<Record> first, second;
  AntiJoinEnd at;
  while (at.wanted < wanted.size() && at.known < known.size()) {
    const std::size_t left = std::min(wanted.size() - at.wanted, known.size() - at.known);
    first.found = second.found = 0;
    first.at = at;
    if (left >= 2 * kSteps) {
      second.at = skip_steps(wanted, known, at, kSteps);
      for (std::size_t i = 0; i < kSteps; ++i) first.step(wanted, known), second.step(wanted, known);
      at = second.at;
    } else {
      for (std::size_t i = 0; i < std::min(left, kSteps); ++i) first.step(wanted, known);
      at = first.at;
    }
    for (const auto* lane : {&first, &second}) {
      if (lane->found > 0) EC_TRY(visit(std::span(lane->missing.data(), lane->found)));
    }
  }
  return at;
}

/// The same with a stream of known hashes; wanted ones come in as many ascending pieces as the caller likes.
class StreamAntiJoin {
 public:
  /// `known` must outlive it.
  explicit StreamAntiJoin(HashStream& known) : known_(known) {}

  /// No key of `wanted` may be below one of an earlier call.
  template <class Record, class Visit>
  Status add(std::span<const Record> wanted, Visit visit) {
    while (!wanted.empty()) {
      if (piece_.empty() && !ended_) EC_TRY(next_piece());
      if (ended_) return visit(wanted);
      EC_ASSIGN_OR_RETURN(const auto end, anti_join(wanted, piece_, visit));
      wanted = wanted.subspan(end.wanted);
      piece_ = piece_.subspan(end.known);
    }
    return {};
  }

 private:
  Status next_piece() {
    EC_ASSIGN_OR_RETURN(piece_, known_.next());
    ended_ = piece_.empty();
    return {};
  }

  HashStream& known_;
  std::span<const Hash128> piece_;
  bool ended_ = false;
};

}  // namespace earthcatalog::extsort
