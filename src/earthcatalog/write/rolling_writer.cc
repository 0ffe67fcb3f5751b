#include "earthcatalog/write/rolling_writer.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "earthcatalog/write/partition.h"

namespace earthcatalog::write {

RollingWriter::RollingWriter(storage::Stores& stores, FileNames& names, const geoparquet::FileWriter& writer,
                             iceberg::PartitionKey partition, PartRows rows)
    : stores_(stores),
      names_(names),
      writer_(writer),
      partition_(std::move(partition)),
      most_rows_(std::min(rows.most_rows, writer.max_rows())),
      rows_left_(rows.rows) {}

Status RollingWriter::append(const std::shared_ptr<arrow::RecordBatch>& rows) {
  for (std::int64_t offset = 0; offset < rows->num_rows();) {
    if (!file_) EC_TRY(open());
    const std::int64_t count = std::min(room_, rows->num_rows() - offset);
    EC_TRY(file_->append(rows->Slice(offset, count)));
    offset += count;
    room_ -= count;
    if (room_ > 0) continue;
    EC_ASSIGN_OR_RETURN(auto file, file_->finish());
    files_.push_back(std::move(file));
    file_.reset();
  }
  return {};
}

Status RollingWriter::open() {
  room_ = std::min(rows_left_, most_rows_);
  rows_left_ -= room_;
  const auto next = [this, partition = partition_of(partition_)] { return stores_.locate(names_.next(partition)); };
  EC_ASSIGN_OR_RETURN(file_, writer_.open(next, partition_, room_));
  return {};
}

}  // namespace earthcatalog::write
