#include "cql2/properties.h"

#include <gtest/gtest.h>

namespace earthcatalog::cql2 {
namespace {

class TestRow final : public Row {
 public:
  explicit TestRow(const NamedValues& values) : values_(values) {}

  Slot slot(std::string_view name) {
    names_.emplace_back(name);
    return {.number = names_.size() - 1};
  }
  Value property(std::size_t slot) const override {
    const auto found = values_.find(names_[slot]);
    return found == values_.end() ? Value() : found->second;
  }

 private:
  const NamedValues& values_;
  std::vector<std::string> names_;
};

}  // namespace

std::optional<bool> answer(std::string_view filter, const NamedValues& values) {
  const auto parsed = parse_text(filter);
  EXPECT_TRUE(parsed) << filter << "\n" << parsed.error().message;
  if (!parsed) return std::nullopt;
  TestRow row(values);
  auto predicate = Predicate::bind(*parsed, [&](std::string_view name) -> Result<Slot> { return row.slot(name); });
  EXPECT_TRUE(predicate) << filter << "\n" << predicate.error().message;
  if (!predicate) return std::nullopt;
  const auto said = predicate->test(row);
  EXPECT_TRUE(said) << filter << "\n" << said.error().message;
  return said.value_or(std::nullopt);
}

std::string error_of(std::string_view filter, const std::map<std::string, ValueType, std::less<>>& types) {
  const auto parsed = parse_text(filter);
  if (!parsed) return parsed.error().message;
  const auto bound = Predicate::bind(*parsed, [&](std::string_view name) -> Result<Slot> {
    const auto found = types.find(name);
    return Slot{.type = found == types.end() ? ValueType::kAny : found->second};
  });
  return bound ? "" : bound.error().message;
}

Value list_of(const std::vector<std::string>& members) {
  Values list;
  for (const auto& member : members) list.emplace_back(member);
  return list;
}

}  // namespace earthcatalog::cql2
