// The problems files of earlier runs, as reasons why an object has no rows.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::inventory {

enum class ProblemKind : std::uint8_t {
  kPending,   ///< could not be fetched yet
  kMissing,   ///< 404
  kRejected,  ///< no item
};

/// Calls `visit(bucket, key, kind)` for each line of the problems file at `uri` that says why an object was not taken;
/// lines about parts of items that were kept are passed over. Memory is one line. kNotFound when there is no such file;
/// kInvalidData names the line that is none of a problems file.
Status for_each_problem(storage::Stores& stores, const std::string& uri,
                        const std::function<Status(std::string_view, std::string_view, ProblemKind)>& visit);

}  // namespace earthcatalog::inventory
