// Arbitrary bytes as a manifest and as a manifest list: an error or values, and values that can be written again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "earthcatalog/iceberg/manifest/manifest.h"

namespace {

using namespace earthcatalog::iceberg;

void read_as_manifest(std::string_view bytes, bool statistics) {
  const Schema schema{
      .fields = {{.field_id = 1, .name = "grid_partition"},
                 {.field_id = 2, .name = "datetime", .type = {.id = TypeId::kTimestampTz, .fields = {}}}}};
  const PartitionSpec spec = grid_partition_spec(schema).value();
  ManifestFile line;
  line.manifest_path = "fuzz";
  auto writer = ManifestWriter::make({.schema = &schema, .spec = &spec}).value();
  const auto visit = [&](ManifestEntry&& entry) { return writer.add(entry); };
  if (!read_manifest(bytes, line, spec, {.live_only = false, .statistics = statistics}, visit)) return;
  const auto entries = writer.entries();
  const auto again = writer.finish();
  std::int64_t found = 0;
  const auto count = [&](ManifestEntry&&) -> earthcatalog::Status {
    ++found;
    return {};
  };
  if (!read_manifest(again.bytes, line, spec, {.live_only = false}, count) || found != entries) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_as_manifest(bytes, true);
  read_as_manifest(bytes, false);
  if (const auto lines = read_manifest_list(bytes, "fuzz")) {
    const auto again = read_manifest_list(write_manifest_list({}, *lines), "fuzz");
    if (!again || *again != *lines) std::abort();
  }
  return 0;
}
