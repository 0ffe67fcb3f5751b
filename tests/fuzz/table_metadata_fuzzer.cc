// Arbitrary bytes as table metadata: an error, or metadata whose JSON means the same when it is read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "earthcatalog/iceberg/metadata/table_metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earthcatalog::iceberg;
  const auto metadata = parse_table_metadata({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!metadata) return 0;
  const std::string json = to_json(*metadata);
  const auto again = parse_table_metadata(json, "fuzz");
  if (!again || to_json(*again) != json) std::abort();
  const std::string mapping = metadata->property("schema.name-mapping.default").value_or("");
  name_mapping_json(metadata->schema(), mapping);
  return 0;
}
