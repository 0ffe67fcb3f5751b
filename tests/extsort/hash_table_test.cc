#include "earthcatalog/extsort/hash_table.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "earthcatalog/extsort/hash_sorter.h"

namespace earthcatalog::extsort {
namespace {

struct Record {
  Hash128 key;
  std::int64_t value = 0;
  auto operator<=>(const Record&) const = default;
};

// Few distinct keys, so that equal ones occur; spread over the range or crowded at one place.
Hash128 key_of_number(int number, bool crowded) {
  Hash128 key = hash128(fmt::format("{}", number));
  if (crowded) std::fill(key.bytes.begin(), key.bytes.begin() + 7, std::uint8_t{255});
  return key;
}

RC_GTEST_PROP(HashTable, FindsWhatWasSortedIntoIt, ()) {
  const auto numbers = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 300));
  const auto crowded = *rc::gen::arbitrary<bool>();
  const auto memory_bytes = *rc::gen::element<std::int64_t>(1, 500, 1 << 20);
  const extsort::HashTableOptions options{.scratch_folder = "/tmp", .memory_bytes = memory_bytes};
  std::multimap<Hash128, std::int64_t> model;
  extsort::HashSorter<Record> sorter(options);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Record record{key_of_number(numbers[i], crowded), static_cast<std::int64_t>(i)};
    model.emplace(record.key, record.value);
    RC_ASSERT(sorter.add(record).has_value());
  }
  RC_ASSERT(sorter.size() == static_cast<std::int64_t>(model.size()));
  extsort::HashTable<Record> table(*rc::gen::inRange<std::int64_t>(0, 1000), options);
  RC_ASSERT(sorter
                .drain([&](std::span<const Record> records) -> Status {
                  for (const auto& record : records) EC_TRY(table.append(record));
                  return {};
                })
                .has_value());
  RC_ASSERT(table.finish().has_value());
  RC_ASSERT(table.size() == static_cast<std::int64_t>(model.size()));
  for (int number = 0; number < 310; ++number) {
    const auto key = key_of_number(number, crowded);
    std::multiset<std::int64_t> found, expected;
    RC_ASSERT(table
                  .find(key,
                        [&](std::int64_t position, const Record& record) {
                          found.insert(record.value);
                          RC_ASSERT(table.at(position).value() == record);
                        })
                  .has_value());
    for (auto [at, end] = model.equal_range(key); at != end; ++at) expected.insert(at->second);
    RC_ASSERT(found == expected);
  }
  std::int64_t scanned = 0;
  RC_ASSERT(table
                .scan([&](std::int64_t position, const Record&) -> Status {
                  return position == scanned++ ? Status{} : fail(ErrorKind::kInvalidData, "order");
                })
                .has_value());
  RC_ASSERT(scanned == table.size());
}

TEST(ScratchFile, NamesTheFolderThatCannotHoldIt) {
  const auto file = extsort::ScratchFile::create("/nonexistent/folder");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, ::testing::HasSubstr("/nonexistent/folder"));
}

}  // namespace
}  // namespace earthcatalog::extsort
