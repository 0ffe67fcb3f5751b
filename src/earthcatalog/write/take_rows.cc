#include "earthcatalog/write/take_rows.h"

#include <arrow/api.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <climits>
#include <cstring>

namespace earthcatalog::write {
namespace {

template <class T>
Result<T> from_arrow(arrow::Result<T> result) {
  if (result.ok()) return std::move(result).ValueUnsafe();
  return fail(ErrorKind::kIOError, "building columns: {}", result.status().ToString());
}

using Arrays = std::vector<const arrow::Array*>;

Arrays arrays_of(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches, int column,
                 std::vector<std::shared_ptr<arrow::Array>>& owners) {
  Arrays arrays;
  for (const auto& batch : batches) {
    owners.push_back(batch->column(column));
    arrays.push_back(owners.back().get());
  }
  return arrays;
}

struct Validity {
  std::shared_ptr<arrow::Buffer> bitmap;  // null when every row has a value
  std::int64_t null_count = 0;
};

Result<Validity> gather_validity(const Arrays& arrays, std::span<const RowAddress> addresses, arrow::MemoryPool* pool) {
  Validity validity;
  const auto no_nulls = [](const arrow::Array* array) { return array->null_count() == 0; };
  if (std::ranges::all_of(arrays, no_nulls)) return validity;
  for (const auto& at : addresses) validity.null_count += arrays[at.batch]->IsNull(at.row) ? 1 : 0;
  if (validity.null_count == 0) return validity;
  EC_ASSIGN_OR_RETURN(validity.bitmap,
                      from_arrow(arrow::AllocateEmptyBitmap(static_cast<std::int64_t>(addresses.size()), pool)));
  std::uint8_t* bits = validity.bitmap->mutable_data();
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (arrays[addresses[i].batch]->IsValid(addresses[i].row))
      arrow::bit_util::SetBit(bits, static_cast<std::int64_t>(i));
  }
  return validity;
}

std::shared_ptr<arrow::Array> make_array(std::shared_ptr<arrow::DataType> type, std::size_t length, Validity validity,
                                         std::vector<std::shared_ptr<arrow::Buffer>> buffers) {
  buffers.insert(buffers.begin(), std::move(validity.bitmap));
  return arrow::MakeArray(arrow::ArrayData::Make(std::move(type), static_cast<std::int64_t>(length), std::move(buffers),
                                                 validity.null_count));
}

Result<std::shared_ptr<arrow::Array>> gather_binary(const Arrays& arrays, std::span<const RowAddress> addresses,
                                                    arrow::MemoryPool* pool) {
  EC_ASSIGN_OR_RETURN(auto validity, gather_validity(arrays, addresses, pool));
  std::int64_t total = 0;
  for (const auto& at : addresses)
    total += static_cast<const arrow::BinaryArray*>(arrays[at.batch])->value_length(at.row);
  if (total > INT_MAX) {
    return fail(ErrorKind::kInvalidData, "{} rows of one file hold more than 2 GiB in one column", addresses.size());
  }
  EC_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> offsets,
                      from_arrow(arrow::AllocateBuffer(
                          static_cast<std::int64_t>((addresses.size() + 1) * sizeof(std::int32_t)), pool)));
  EC_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bytes, from_arrow(arrow::AllocateBuffer(total, pool)));
  auto* offset = reinterpret_cast<std::int32_t*>(offsets->mutable_data());
  std::uint8_t* out = bytes->mutable_data();
  std::int32_t position = 0;
  for (const auto& at : addresses) {
    *offset++ = position;
    const auto value = static_cast<const arrow::BinaryArray*>(arrays[at.batch])->GetView(at.row);
    if (!value.empty()) std::memcpy(out + position, value.data(), value.size());
    position += static_cast<std::int32_t>(value.size());
  }
  *offset = position;
  return make_array(arrays.front()->type(), addresses.size(), std::move(validity),
                    {std::move(offsets), std::move(bytes)});
}

Result<std::shared_ptr<arrow::Array>> gather_words(const Arrays& arrays, std::span<const RowAddress> addresses,
                                                   arrow::MemoryPool* pool) {
  EC_ASSIGN_OR_RETURN(auto validity, gather_validity(arrays, addresses, pool));
  EC_ASSIGN_OR_RETURN(
      std::shared_ptr<arrow::Buffer> values,
      from_arrow(arrow::AllocateBuffer(static_cast<std::int64_t>(addresses.size() * sizeof(std::int64_t)), pool)));
  auto* out = reinterpret_cast<std::int64_t*>(values->mutable_data());
  for (const auto& at : addresses) {
    *out++ = arrays[at.batch]->data()->GetValues<std::int64_t>(1)[at.row];
  }
  return make_array(arrays.front()->type(), addresses.size(), std::move(validity), {std::move(values)});
}

Result<std::shared_ptr<arrow::Array>> gather_booleans(const Arrays& arrays, std::span<const RowAddress> addresses,
                                                      arrow::MemoryPool* pool) {
  EC_ASSIGN_OR_RETURN(auto validity, gather_validity(arrays, addresses, pool));
  EC_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> values,
                      from_arrow(arrow::AllocateEmptyBitmap(static_cast<std::int64_t>(addresses.size()), pool)));
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (static_cast<const arrow::BooleanArray*>(arrays[addresses[i].batch])->Value(addresses[i].row)) {
      arrow::bit_util::SetBit(values->mutable_data(), static_cast<std::int64_t>(i));
    }
  }
  return make_array(arrays.front()->type(), addresses.size(), std::move(validity), {std::move(values)});
}

Result<std::shared_ptr<arrow::Array>> gather_rows(const Arrays& arrays, std::span<const RowAddress> addresses,
                                                  arrow::MemoryPool* pool);

Result<std::shared_ptr<arrow::Array>> gather_struct(const Arrays& arrays, std::span<const RowAddress> addresses,
                                                    arrow::MemoryPool* pool) {
  EC_ASSIGN_OR_RETURN(auto validity, gather_validity(arrays, addresses, pool));
  const auto& type = arrays.front()->type();
  std::vector<std::shared_ptr<arrow::ArrayData>> members;
  for (int member = 0; member < type->num_fields(); ++member) {
    std::vector<std::shared_ptr<arrow::Array>> owners;
    Arrays values;
    for (const auto* array : arrays) {
      owners.push_back(static_cast<const arrow::StructArray*>(array)->field(member));
      values.push_back(owners.back().get());
    }
    EC_ASSIGN_OR_RETURN(const auto gathered, gather_rows(values, addresses, pool));
    members.push_back(gathered->data());
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, static_cast<std::int64_t>(addresses.size()),
                                                 {std::move(validity.bitmap)}, std::move(members),
                                                 validity.null_count));
}

Result<std::shared_ptr<arrow::Array>> gather_rows(const Arrays& arrays, std::span<const RowAddress> addresses,
                                                  arrow::MemoryPool* pool) {
  switch (arrays.front()->type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return gather_binary(arrays, addresses, pool);
    case arrow::Type::INT64:
    case arrow::Type::DOUBLE:
    case arrow::Type::TIMESTAMP:
      return gather_words(arrays, addresses, pool);
    case arrow::Type::BOOL:
      return gather_booleans(arrays, addresses, pool);
    case arrow::Type::STRUCT:
      return gather_struct(arrays, addresses, pool);
    default:
      return fail(ErrorKind::kUnsupported, "type {}, which no column of items has", arrays.front()->type()->ToString());
  }
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> gather(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                             int column, std::span<const RowAddress> addresses,
                                             arrow::MemoryPool* pool) {
  std::vector<std::shared_ptr<arrow::Array>> owners;
  if (pool == nullptr) pool = arrow::default_memory_pool();
  return annotate(gather_rows(arrays_of(batches, column, owners), addresses, pool),
                  fmt::format("column '{}'", batches.front()->schema()->field(column)->name()));
}

Result<std::shared_ptr<arrow::RecordBatch>> take_rows(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                                      const std::shared_ptr<arrow::Schema>& schema,
                                                      std::span<const RowAddress> addresses, arrow::MemoryPool* pool) {
  arrow::ArrayVector columns;
  for (int column = 0; column < schema->num_fields(); ++column) {
    EC_ASSIGN_OR_RETURN(auto array, gather(batches, column, addresses, pool));
    columns.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(schema, static_cast<std::int64_t>(addresses.size()), std::move(columns));
}

Result<std::shared_ptr<arrow::Array>> repeat_string(const std::string& value, std::size_t count) {
  arrow::StringBuilder builder;
  auto status = builder.ReserveData(static_cast<std::int64_t>(value.size() * count));
  for (std::size_t i = 0; status.ok() && i < count; ++i) status = builder.Append(value);
  if (!status.ok()) return fail(ErrorKind::kIOError, "building columns: {}", status.ToString());
  return from_arrow(builder.Finish());
}

Result<std::shared_ptr<arrow::Array>> booleans(std::size_t count, const std::function<bool(std::size_t)>& value) {
  EC_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bits,
                      from_arrow(arrow::AllocateEmptyBitmap(static_cast<std::int64_t>(count))));
  for (std::size_t i = 0; i < count; ++i) {
    if (value(i)) arrow::bit_util::SetBit(bits->mutable_data(), static_cast<std::int64_t>(i));
  }
  return make_array(arrow::boolean(), count, {}, {std::move(bits)});
}

Result<std::shared_ptr<arrow::Array>> boxes(std::size_t count,
                                            const std::function<const grid::Bounds*(std::size_t)>& box) {
  Validity validity;
  EC_ASSIGN_OR_RETURN(validity.bitmap, from_arrow(arrow::AllocateEmptyBitmap(static_cast<std::int64_t>(count))));
  std::vector<std::shared_ptr<arrow::Buffer>> sides;
  std::vector<double*> out;
  for (int side = 0; side < 4; ++side) {
    EC_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> values,
                        from_arrow(arrow::AllocateBuffer(static_cast<std::int64_t>(count * sizeof(double)))));
    out.push_back(reinterpret_cast<double*>(values->mutable_data()));
    sides.push_back(std::move(values));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const grid::Bounds* bounds = box(i);
    if (bounds != nullptr) arrow::bit_util::SetBit(validity.bitmap->mutable_data(), static_cast<std::int64_t>(i));
    const grid::Bounds values = bounds != nullptr ? *bounds : grid::Bounds{};
    out[0][i] = values.xmin;
    out[1][i] = values.ymin;
    out[2][i] = values.xmax;
    out[3][i] = values.ymax;
    validity.null_count += bounds == nullptr ? 1 : 0;
  }
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const char* name : {"xmin", "ymin", "xmax", "ymax"}) fields.push_back(arrow::field(name, arrow::float64()));
  for (auto& side : sides) {
    children.push_back(arrow::ArrayData::Make(arrow::float64(), static_cast<std::int64_t>(count),
                                              {validity.bitmap, std::move(side)}, validity.null_count));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(arrow::struct_(std::move(fields)), static_cast<std::int64_t>(count),
                                                 {validity.bitmap}, std::move(children), validity.null_count));
}

}  // namespace earthcatalog::write
