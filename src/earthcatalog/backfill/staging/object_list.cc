#include "earthcatalog/backfill/staging/object_list.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::backfill {
namespace {

const std::shared_ptr<arrow::DataType>& instant() {
  static const auto type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return type;
}

// The columns of a list under construction.
class ListBuilder {
 public:
  arrow::Status append(const storage::ObjectRef& object) {
    ARROW_RETURN_NOT_OK(bucket_.Append(object.bucket));
    ARROW_RETURN_NOT_OK(key_.Append(object.key));
    ARROW_RETURN_NOT_OK(object.size_bytes ? size_.Append(*object.size_bytes) : size_.AppendNull());
    ARROW_RETURN_NOT_OK(object.last_modified ? time_.Append(*object.last_modified) : time_.AppendNull());
    return object.etag.empty() ? etag_.AppendNull() : etag_.Append(object.etag);
  }

  arrow::Status append(const ingest::PendingObject& pending, TimeMicros now) {
    ARROW_RETURN_NOT_OK(append(pending.object));
    ARROW_RETURN_NOT_OK(error_.Append(pending.error));
    return tried_.Append(now);
  }

  arrow::Result<std::shared_ptr<arrow::Table>> finish() {
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    const auto add = [&](const char* name, arrow::ArrayBuilder& builder) {
      fields.push_back(arrow::field(name, builder.type()));
      return builder.Finish(&columns.emplace_back());
    };
    const bool pending = tried_.length() > 0;
    ARROW_RETURN_NOT_OK(add("bucket", bucket_));
    ARROW_RETURN_NOT_OK(add("key", key_));
    ARROW_RETURN_NOT_OK(add("size", size_));
    ARROW_RETURN_NOT_OK(add("last_modified_date", time_));
    ARROW_RETURN_NOT_OK(add("e_tag", etag_));
    if (pending) {
      ARROW_RETURN_NOT_OK(add("error", error_));
      ARROW_RETURN_NOT_OK(add("timestamp", tried_));
    }
    return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(columns));
  }

 private:
  arrow::StringBuilder bucket_, key_, etag_, error_;
  arrow::Int64Builder size_;
  arrow::TimestampBuilder time_{instant(), arrow::default_memory_pool()};
  arrow::TimestampBuilder tried_{instant(), arrow::default_memory_pool()};
};

arrow::Status write_table(const arrow::Table& table, const std::shared_ptr<arrow::io::OutputStream>& stream) {
  parquet::WriterProperties::Builder properties;
  properties.compression(parquet::Compression::ZSTD)->version(parquet::ParquetVersion::PARQUET_2_6);
  for (const char* plain : {"key", "e_tag"}) properties.disable_dictionary(plain);
  ARROW_RETURN_NOT_OK(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), stream,
                                                 parquet::DEFAULT_MAX_ROW_GROUP_LENGTH, properties.build()));
  return stream->Close();
}

Status store(const storage::Location& where, ListBuilder& list, arrow::Status appended) {
  EC_ASSIGN_OR_RETURN(const auto stream, where.store->open_output(where.key));
  const auto write = [&]() -> arrow::Status {
    ARROW_RETURN_NOT_OK(appended);
    ARROW_ASSIGN_OR_RAISE(const auto table, list.finish());
    return write_table(*table, stream);
  };
  if (const auto status = write(); !status.ok()) {
    return std::unexpected(storage::from_arrow(status).annotate("writing " + where.uri()));
  }
  return {};
}

}  // namespace

Status write_objects(const storage::Location& where, std::span<const storage::ObjectRef> objects) {
  ListBuilder list;
  arrow::Status status;
  for (const auto& object : objects) {
    if (status.ok()) status = list.append(object);
  }
  return store(where, list, std::move(status));
}

Status write_pending(const storage::Location& where, std::span<const ingest::PendingObject> objects, TimeMicros now) {
  ListBuilder list;
  arrow::Status status;
  for (const auto& object : objects) {
    if (status.ok()) status = list.append(object, now);
  }
  return store(where, list, std::move(status));
}

}  // namespace earthcatalog::backfill
