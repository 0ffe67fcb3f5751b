// Sorts records in memory by the hash in front of them: radix sort, since hashes are spread evenly over their range.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "earthcatalog/base/hash.h"

namespace earthcatalog::extsort {

/// A hash alone, as a record.
struct HashKey {
  Hash128 key;
  auto operator<=>(const HashKey&) const = default;
};

/// The hash as a number that sorts like it: compared in two instructions, where bytes take a call.
inline unsigned __int128 number_of(const Hash128& hash) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t high, low;
  std::memcpy(&high, hash.bytes.data(), sizeof high);
  std::memcpy(&low, hash.bytes.data() + sizeof high, sizeof low);
  return static_cast<unsigned __int128>(__builtin_bswap64(high)) << 64 | __builtin_bswap64(low);
}

/// Sorts in place. `Record` is trivially copyable, has a member `Hash128 key`, and an order < that begins with it.
/// `byte`: all keys are equal before it.
///
/// One byte a pass, by swaps into place (McIlroy, Bostic, McIlroy, "Engineering Radix Sort", 1993), until so few
/// records share their first bytes that comparing is quicker. That is also the way out for crowded keys: no pass after
/// the last byte.
template <class Record>
void sort_by_hash(std::span<Record> records, std::size_t byte = 0) {
  constexpr std::size_t kFew = 64;
  if (records.size() <= kFew || byte == sizeof(Hash128)) {
    std::ranges::sort(records, [](const Record& a, const Record& b) {
      const auto x = number_of(a.key), y = number_of(b.key);
      return x != y ? x < y : a < b;
    });
    return;
  }
  std::array<std::size_t, 256> next{}, end;
  for (const Record& record : records) ++next[record.key.bytes[byte]];
  std::size_t begin = 0;
  for (std::size_t part = 0; part < 256; ++part) {
    end[part] = begin + next[part];
    next[part] = std::exchange(begin, end[part]);
  }
  const auto starts = next;
  for (std::size_t part = 0; part < 256; ++part) {
    while (next[part] < end[part]) {
      Record record = records[next[part]];
      while (record.key.bytes[byte] != part) std::swap(record, records[next[record.key.bytes[byte]]++]);
      records[next[part]++] = record;
    }
  }
  for (std::size_t part = 0; part < 256; ++part) {
    if (end[part] - starts[part] > 1) sort_by_hash(records.subspan(starts[part], end[part] - starts[part]), byte + 1);
  }
}

}  // namespace earthcatalog::extsort
