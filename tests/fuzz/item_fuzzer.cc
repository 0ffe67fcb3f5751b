// Any bytes: refused, or rebuilt as what they were. The kept form must also be a fixed point: rebuilt once more, it is
// the same letter by letter.
#include <arrow/record_batch.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "earthcatalog/stac/item_batch.h"
#include "stac/json_value.h"

namespace {

using namespace earthcatalog::stac;

void require(bool condition, const char* what, const std::string& detail) {
  if (condition) return;
  std::fprintf(stderr, "%s: %s\n", what, detail.c_str());
  std::abort();
}

std::optional<std::string> rebuilt(const std::string& json, SchemaKind kind) {
  const ItemSchema schema = initial_schema(kind);
  ItemParser parser;
  ItemBatch batch(std::make_shared<const ItemSchema>(schema));
  if (!parser.append(json, batch)) return std::nullopt;
  const auto rows = batch.finish(evolve(schema, batch.observed(), 25));
  require(rows.has_value(), "finish", json);
  require((*rows)->ValidateFull().ok(), "Arrow refuses the batch", json);
  std::string out;
  const auto status = ItemWriter(*rows).append_json(0, out);
  require(status.has_value(), "write", status ? "" : status.error().message);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string json(reinterpret_cast<const char*>(data), size);
  for (const SchemaKind kind : {SchemaKind::kItslive, SchemaKind::kAuto}) {
    const auto once = rebuilt(json, kind);
    if (!once) continue;
    const auto original = testing::read_json(json), again = testing::read_json(*once);
    require(original.has_value(), "accepted, but not JSON", json);
    require(again.has_value(), "rebuilt is not JSON", *once);
    const auto differs = testing::difference(*original, *again);
    require(!differs, "rebuilt differs", differs.value_or(""));
    const auto twice = rebuilt(*once, kind);
    require(twice == once, "not a fixed point", *once);
  }
  return 0;
}
