#include "earthcatalog/maintenance/expire/path_set.h"

#include <algorithm>
#include <cstring>

#include "earthcatalog/base/hash.h"

namespace earthcatalog::maintenance {
namespace {

constexpr std::size_t kFewNames = 1 << 20;  // below, repeated ones do not matter

std::uint64_t hash_of(std::string_view name) {
  const Hash128 hash = hash128(name);
  std::uint64_t prefix = 0;
  std::memcpy(&prefix, hash.bytes.data(), sizeof prefix);
  return prefix;
}

}  // namespace

void PathSet::add(std::string_view name) {
  hashes_.push_back(hash_of(name));
  if (hashes_.size() >= std::max(2 * distinct_, kFewNames)) drop_repeated();
}

void PathSet::seal() {
  drop_repeated();
  marks_.assign(hashes_.size(), false);
  marks_set_ = 0;
}

bool PathSet::contains(std::string_view name) const { return find(name) >= 0; }

bool PathSet::mark(std::string_view name) {
  const auto at = find(name);
  if (at < 0) return false;
  const auto mark = marks_.begin() + at;
  if (!*mark) ++marks_set_;
  *mark = true;
  return true;
}

bool PathSet::marked(std::string_view name) const {
  const auto at = find(name);
  return at >= 0 && marks_[static_cast<std::size_t>(at)];
}

std::ptrdiff_t PathSet::find(std::string_view name) const {
  const auto hash = hash_of(name);
  const auto at = std::ranges::lower_bound(hashes_, hash);
  return at != hashes_.end() && *at == hash ? at - hashes_.begin() : -1;
}

void PathSet::drop_repeated() {
  std::ranges::sort(hashes_);
  hashes_.erase(std::ranges::unique(hashes_).begin(), hashes_.end());
  distinct_ = hashes_.size();
}

}  // namespace earthcatalog::maintenance
