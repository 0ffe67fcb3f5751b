// Sorting hashes and anti-joins against the standard library.
#include "earthcatalog/extsort/anti_join.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <vector>

namespace earthcatalog::extsort {
namespace {

using Hashes = std::vector<Hash128>;
using HashSet = std::set<Hash128>;

Hash128 hash_of(int number) { return id_hash(fmt::format("item {}", number)); }

std::vector<extsort::HashKey> keys_of(const Hashes& hashes) {
  std::vector<extsort::HashKey> keys;
  for (const auto& hash : hashes) keys.push_back({hash});
  return keys;
}

// Gives pieces of any size.
class PieceStream final : public extsort::HashStream {
 public:
  PieceStream(const Hashes& hashes, std::size_t piece) : left_(hashes), piece_(piece) {}
  Result<std::span<const Hash128>> next() override {
    const auto piece = left_.first(std::min(piece_, left_.size()));
    left_ = left_.subspan(piece.size());
    return piece;
  }

 private:
  std::span<const Hash128> left_;
  std::size_t piece_;
};

RC_GTEST_PROP(SortByHash, SortsAsCompareDoes, ()) {
  auto records = keys_of({});
  const auto shared = *rc::gen::inRange(0, 17);  // so many first bytes are the same in all
  for (int i = 0, count = *rc::gen::inRange(0, 2000); i < count; ++i) {
    extsort::HashKey record{hash_of(*rc::gen::inRange(0, 1500))};
    std::fill_n(record.key.bytes.begin(), shared, std::uint8_t{7});
    records.push_back(record);
  }
  auto expected = records;
  std::ranges::sort(expected);
  extsort::sort_by_hash(std::span(records));
  RC_ASSERT(records == expected);
}

RC_GTEST_PROP(AntiJoin, IsASetDifference, ()) {
  // Up to several blocks of the kernel's lanes; shared and own hashes; hashes wanted many times.
  const int range = *rc::gen::element(3, 300, 20'000);
  const auto draw = [&](int most) {
    Hashes hashes;
    for (int i = 0, count = *rc::gen::inRange(0, most); i < count; ++i) {
      hashes.push_back(
          hash_of(static_cast<int>(static_cast<unsigned>(i) * 2654435761u % static_cast<unsigned>(range))));
    }
    return hashes;
  };
  auto wanted = keys_of(draw(9000));
  extsort::sort_by_hash(std::span(wanted));
  const auto known_list = draw(9000);
  const HashSet known_set(known_list.begin(), known_list.end());
  const Hashes known(known_set.begin(), known_set.end());
  Hashes expected, found;
  for (const auto& want : wanted) {
    if (!known_set.contains(want.key)) expected.push_back(want.key);
  }
  PieceStream stream(known, *rc::gen::element<std::size_t>(1, 7, 5000, 100'000));
  extsort::StreamAntiJoin join(stream);
  std::span<const extsort::HashKey> left = wanted;
  while (!left.empty()) {
    const auto piece = left.first(std::min(left.size(), *rc::gen::inRange<std::size_t>(1, 6000)));
    left = left.subspan(piece.size());
    RC_ASSERT(join.add(piece,
                       [&](std::span<const extsort::HashKey> missing) -> Status {
                         for (const auto& key : missing) found.push_back(key.key);
                         return {};
                       })
                  .has_value());
  }
  RC_ASSERT(found == expected);
}

}  // namespace
}  // namespace earthcatalog::extsort
