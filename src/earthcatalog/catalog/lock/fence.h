// The token inside the catalog file that says whose commits count.
//
// A lock that is an object beside the catalog cannot stop a holder that was thought dead and wakes up. The token can:
// it lies in the file that every commit replaces or locks, and changes hands before the lock does. See
// docs/format/catalog.md for the protocol and its proof.
#pragma once

#include <optional>
#include <string>

#include "earthcatalog/result.h"

namespace earthcatalog::catalog {

/// Thread-safe.
class Fence {
 public:
  virtual ~Fence() = default;
  /// The token of now; nothing when there is none, be it that the catalog does not exist.
  virtual Result<std::optional<std::string>> read() = 0;
  /// Whether there is a catalog at all: if not, an exchange would have to create it.
  virtual Result<bool> exists() = 0;
  /// Replaces the token in one atomic step if it is `expected`; false when it is another. Creates the catalog file
  /// when there is none.
  virtual Result<bool> exchange(const std::optional<std::string>& expected, const std::string& token) = 0;
};

}  // namespace earthcatalog::catalog
