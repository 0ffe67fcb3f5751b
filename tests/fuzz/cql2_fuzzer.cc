// Arbitrary bytes as a filter, in text and in JSON: refused, or an expression that comes back from its own spelling and
// answers for a row; never a crash.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/cql2/expression.h"
#include "earthcatalog/cql2/predicate.h"

namespace {

using namespace earthcatalog;

// Values of all types, by the letter that a name begins with.
class FuzzRow final : public cql2::Row {
 public:
  cql2::Slot slot(std::string_view name) {
    letters_ += name.empty() ? 'n' : name[0];
    return {.number = letters_.size() - 1};
  }
  cql2::Value property(std::size_t slot) const override {
    switch (letters_[slot]) {
      case 'a':
        return 1.5;
      case 'b':
        return true;
      case 's':
        return std::string("a_%\xC3\xA4");
      case 't':
        return cql2::Times{1, 2, 1};
      case 'g':
        return cql2::Geometry{point_};
      case 'l':
        return cql2::Values{1.0, std::string("x"), cql2::Value()};
      default:
        return {};
    }
  }

 private:
  std::string letters_;
  const std::string point_ = cql2::parse_text("POINT(1 2)")->text;
};

void answer(const cql2::Expression& expression) {
  FuzzRow row;
  auto predicate =
      cql2::Predicate::bind(expression, [&](std::string_view name) -> Result<cql2::Slot> { return row.slot(name); });
  if (predicate) static_cast<void>(predicate->test(row));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto text = cql2::parse_text(input)) {
    const auto spelled = cql2::to_text(*text);
    const auto again = cql2::parse_text(spelled);
    if (!again || cql2::to_text(*again) != spelled) __builtin_trap();
    answer(*text);
  }
  if (const auto json = cql2::parse_json(input)) {
    const auto spelled = cql2::to_json(*json);
    const auto again = cql2::parse_json(spelled);
    if (!again || cql2::to_json(*again) != spelled) __builtin_trap();
    static_cast<void>(cql2::to_text(*json));
    answer(*json);
  }
  return 0;
}
