#include "earthcatalog/iceberg/metadata/table_metadata.h"

#include <algorithm>
#include <charconv>

namespace earthcatalog::iceberg {
namespace {

template <class T, class Id, class Member>
const T* find_by(const std::vector<T>& values, Id id, Member member) {
  const auto at = std::ranges::find(values, id, member);
  return at == values.end() ? nullptr : &*at;
}

}  // namespace

std::string_view Snapshot::operation() const {
  const auto at = summary.find("operation");
  return at == summary.end() ? std::string_view() : at->second;
}

const Schema& TableMetadata::schema() const { return *find_schema(current_schema_id); }

const PartitionSpec& TableMetadata::default_spec() const { return *find_spec(default_spec_id); }

const Snapshot* TableMetadata::current_snapshot() const {
  return current_snapshot_id ? find_snapshot(*current_snapshot_id) : nullptr;
}

const Snapshot* TableMetadata::find_snapshot(std::int64_t snapshot_id) const {
  return find_by(snapshots, snapshot_id, &Snapshot::snapshot_id);
}

const Schema* TableMetadata::find_schema(std::int32_t schema_id) const {
  return find_by(schemas, schema_id, &Schema::schema_id);
}

const PartitionSpec* TableMetadata::find_spec(std::int32_t spec_id) const {
  return find_by(partition_specs, spec_id, &PartitionSpec::spec_id);
}

std::optional<std::string> TableMetadata::property(std::string_view key) const {
  const auto at = properties.find(key);
  if (at == properties.end()) return std::nullopt;
  return at->second;
}

std::int64_t TableMetadata::property_as_int(std::string_view key, std::int64_t otherwise) const {
  const auto at = properties.find(key);
  if (at == properties.end()) return otherwise;
  const std::string& text = at->second;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : otherwise;
}

}  // namespace earthcatalog::iceberg
