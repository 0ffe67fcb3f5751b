// The lock of a catalog as an object of Python.
#pragma once

#include <memory>
#include <string>

#include "earthcatalog/catalog/lock/lock.h"

namespace earthcatalog::python {

/// A lock that Python holds; the stores that it is kept in live with it. Thread-safe.
class LockHandle {
 public:
  /// `spec`: JSON with catalog, or lock alone; owner, ttl_hours, run_id.
  static std::shared_ptr<LockHandle> acquire(const std::string& spec, const std::string& storage);
  void release();
  std::string record() const;  ///< JSON
  const std::shared_ptr<catalog::Lock>& lock() const { return lock_; }

 private:
  std::shared_ptr<catalog::Lock> lock_;
};

}  // namespace earthcatalog::python
