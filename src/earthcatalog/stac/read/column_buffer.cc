#include "earthcatalog/stac/read/column_buffer.h"

#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/type.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace earthcatalog::stac {
namespace {

class OwnedBuffer : public arrow::Buffer {
 public:
  explicit OwnedBuffer(GrowBuffer bytes)
      : arrow::Buffer(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<std::int64_t>(bytes.size())),
        bytes_(std::move(bytes)) {}

 private:
  GrowBuffer bytes_;
};

std::shared_ptr<arrow::Buffer> take(GrowBuffer& bytes) {
  bytes.shrink_to_fit();
  if (bytes.data() == nullptr) bytes.reserve(1);  // Arrow wants an address for an empty buffer too
  return std::make_shared<OwnedBuffer>(std::exchange(bytes, {}));
}

// One bit a row from one byte a row.
std::shared_ptr<arrow::Buffer> pack(std::string_view flags) {
  GrowBuffer bits;
  const std::size_t size = (flags.size() + 7) / 8;
  bits.append_zeros(size);
  for (std::size_t i = 0; i < flags.size(); ++i) {
    bits.data()[i / 8] = static_cast<char>(bits.data()[i / 8] | (flags[i] != 0 ? 1 << (i % 8) : 0));
  }
  return take(bits);
}

std::shared_ptr<arrow::Buffer> offsets(const GrowBuffer& ends) {
  GrowBuffer bytes;
  bytes.reserve(ends.size() + 4);
  bytes.append_value(std::uint32_t{0});
  bytes.append(ends.view());
  return take(bytes);
}

std::shared_ptr<arrow::DataType> word_type(ColumnType type) {
  if (type == ColumnType::kDouble) return arrow::float64();
  if (type == ColumnType::kTimestamp) return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return arrow::int64();
}

}  // namespace

std::size_t ColumnBuffer::text_end(std::size_t rows) const {
  if (rows == 0) return 0;
  std::uint32_t end;
  std::memcpy(&end, words_.data() + (rows - 1) * 4, sizeof end);
  return end;
}

std::string_view ColumnBuffer::last_text() const {
  const std::size_t from = text_end(rows_ - 1);
  return text_.view().substr(from, text_end(rows_) - from);
}

std::int64_t ColumnBuffer::last_long() const {
  std::int64_t value;
  std::memcpy(&value, words_.data() + (rows_ - 1) * 8, sizeof value);
  return value;
}

void ColumnBuffer::pad(std::size_t rows) {
  const std::size_t missing = rows - rows_;
  valid_.append_zeros(missing);
  if (is_text()) {
    const auto end = static_cast<std::uint32_t>(text_end(rows_));
    for (std::size_t i = 0; i < missing; ++i) words_.append_value(end);
  } else {
    words_.append_zeros(missing * (type_ == ColumnType::kBoolean ? 1 : 8));
  }
  rows_ = rows;
}

void ColumnBuffer::truncate(std::size_t rows) {
  if (rows_ > rows) {
    rows_ = rows;
    valid_.truncate(rows);
    words_.truncate(rows * (is_text() ? 4 : type_ == ColumnType::kBoolean ? 1 : 8));
  }
  if (is_text()) text_.truncate(text_end(rows_));
}

Result<std::shared_ptr<arrow::Array>> ColumnBuffer::finish(std::size_t rows, std::string_view name) {
  start_row(rows);
  if (text_.size() > std::numeric_limits<std::int32_t>::max()) {
    return fail(ErrorKind::kInvalidData, "column {}: {} bytes in one batch of {} rows; end batches before 2 GiB", name,
                text_.size(), rows);
  }
  const std::string_view flags = valid_.view();
  const auto nulls =
      static_cast<std::int64_t>(rows) - static_cast<std::int64_t>(std::count(flags.begin(), flags.end(), 1));
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {nulls == 0 ? nullptr : pack(flags)};
  std::shared_ptr<arrow::DataType> type;
  if (is_text()) {
    type = type_ == ColumnType::kString ? arrow::utf8() : arrow::binary();
    buffers.push_back(offsets(words_));
    buffers.push_back(take(text_));
  } else if (type_ == ColumnType::kBoolean) {
    type = arrow::boolean();
    buffers.push_back(pack(words_.view()));
  } else {
    type = word_type(type_);
    buffers.push_back(take(words_));
  }
  *this = ColumnBuffer(type_);
  return arrow::MakeArray(
      arrow::ArrayData::Make(std::move(type), static_cast<std::int64_t>(rows), std::move(buffers), nulls));
}

}  // namespace earthcatalog::stac
