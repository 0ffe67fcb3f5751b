#include "earthcatalog/index/version_order.h"

#include <tuple>
#include <utility>

namespace earthcatalog::index {
namespace {

// Compared apart: '-' and '.', which names of buckets have, come before the slash.
std::pair<std::string_view, std::string_view> bucket_and_key(std::string_view name) {
  const auto slash = name.find('/');
  if (slash == name.npos) return {name, {}};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

}  // namespace

bool newer(const ObjectVersion& a, const ObjectVersion& b) {
  const auto by_time = std::tie(a.updated, a.last_modified) <=> std::tie(b.updated, b.last_modified);
  return by_time != 0 ? by_time > 0 : bucket_and_key(a.name) > bucket_and_key(b.name);
}

bool newer(const RowVersion& a, const RowVersion& b) {
  return a.updated != b.updated ? a.updated > b.updated : a.row < b.row;
}

bool newer(const FileVersion& a, const FileVersion& b) {
  return std::tie(a.modified, a.uri) > std::tie(b.modified, b.uri);
}

}  // namespace earthcatalog::index
