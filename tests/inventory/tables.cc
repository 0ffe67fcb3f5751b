#include <arrow/adapters/orc/adapter.h>
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <parquet/arrow/writer.h>

#include "inventory/helpers.h"

namespace earthcatalog::inventory {
namespace {

void check(const arrow::Status& status) { ASSERT_TRUE(status.ok()) << status.ToString(); }

template <class Builder>
std::shared_ptr<arrow::Array> build_text(Builder builder, const std::vector<std::string>& values) {
  for (const auto& value : values) check(value.empty() ? builder.AppendNull() : builder.Append(value));
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> text(const std::vector<std::string>& values, TableTypes::Text type) {
  switch (type) {
    case TableTypes::Text::kLargeString:
      return build_text(arrow::LargeStringBuilder(), values);
    case TableTypes::Text::kDictionary:
      return build_text(arrow::StringDictionaryBuilder(), values);
    case TableTypes::Text::kStringView:
      return build_text(arrow::StringViewBuilder(), values);
    default:
      return build_text(arrow::StringBuilder(), values);
  }
}

std::shared_ptr<arrow::Array> sizes(const std::vector<storage::ObjectRef>& objects, bool int32) {
  arrow::Int64Builder wide;
  arrow::Int32Builder narrow;
  for (const auto& object : objects) {
    if (int32) {
      check(object.size_bytes ? narrow.Append(static_cast<std::int32_t>(*object.size_bytes)) : narrow.AppendNull());
    } else {
      check(object.size_bytes ? wide.Append(*object.size_bytes) : wide.AppendNull());
    }
  }
  return int32 ? narrow.Finish().ValueOrDie() : wide.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> times(const std::vector<storage::ObjectRef>& objects, TableTypes::Time type) {
  using Time = TableTypes::Time;
  if (type == Time::kString) {
    std::vector<std::string> values;
    for (const auto& object : objects) values.push_back(object.last_modified ? format_time(*object.last_modified) : "");
    return text(values, TableTypes::Text::kString);
  }
  std::shared_ptr<arrow::DataType> arrow_type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  std::int64_t multiply = 1, divide = 1;
  if (type == Time::kSeconds) arrow_type = arrow::timestamp(arrow::TimeUnit::SECOND), divide = 1'000'000;
  if (type == Time::kMillis) arrow_type = arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"), divide = 1000;
  if (type == Time::kMicros) arrow_type = arrow::timestamp(arrow::TimeUnit::MICRO);
  if (type == Time::kNanos) arrow_type = arrow::timestamp(arrow::TimeUnit::NANO, "Asia/Tokyo"), multiply = 1000;
  arrow::TimestampBuilder builder(arrow_type, arrow::default_memory_pool());
  for (const auto& object : objects) {
    check(object.last_modified ? builder.Append(*object.last_modified / divide * multiply) : builder.AppendNull());
  }
  return builder.Finish().ValueOrDie();
}

}  // namespace

std::shared_ptr<arrow::Table> to_table(const std::vector<storage::ObjectRef>& objects, const TableTypes& types) {
  std::vector<std::string> buckets, keys, etags;
  for (const auto& object : objects) {
    buckets.push_back(object.bucket);
    keys.push_back(object.key);
    etags.push_back(object.etag);
  }
  const std::vector<std::shared_ptr<arrow::Array>> columns = {text(etags, types.text), text(buckets, types.text),
                                                              sizes(objects, types.size_int32), text(keys, types.text),
                                                              times(objects, types.time)};
  const char* names[] = {"e_tag", "bucket", "size", "key", "last_modified_date"};
  arrow::FieldVector fields;
  for (std::size_t i = 0; i < columns.size(); ++i) fields.push_back(arrow::field(names[i], columns[i]->type()));
  return arrow::Table::Make(arrow::schema(fields), columns);
}

std::string to_parquet(const arrow::Table& table, std::int64_t row_group_rows) {
  const auto out = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  check(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), out, row_group_rows,
                                   parquet::default_writer_properties(), arrow_properties));
  return out->Finish().ValueOrDie()->ToString();
}

std::string to_orc(const arrow::Table& table) {
  const auto out = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = arrow::adapters::orc::ORCFileWriter::Open(out.get()).ValueOrDie();
  check(writer->Write(table));
  check(writer->Close());
  return out->Finish().ValueOrDie()->ToString();
}

}  // namespace earthcatalog::inventory
