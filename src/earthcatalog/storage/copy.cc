#include "earthcatalog/storage/copy.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <algorithm>

#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::storage {
namespace {

constexpr std::int64_t kPieceBytes = 32 << 20;

arrow::Status copy_stream(arrow::io::RandomAccessFile& in, arrow::io::OutputStream& out) {
  ARROW_ASSIGN_OR_RAISE(const auto size, in.GetSize());
  for (std::int64_t offset = 0; offset < size; offset += kPieceBytes) {
    ARROW_ASSIGN_OR_RAISE(const auto piece, in.ReadAt(offset, std::min(kPieceBytes, size - offset)));
    ARROW_RETURN_NOT_OK(out.Write(piece));
  }
  return out.Close();
}

}  // namespace

Result<bool> copy_through(ObjectStore& from, std::string_view from_key, ObjectStore& to, std::string_view to_key,
                          Existing existing) {
  const auto in = from.open_input(from_key);
  if (!in && in.error().kind == ErrorKind::kNotFound) return false;
  EC_TRY(in);
  EC_ASSIGN_OR_RETURN(const auto out, to.open_output(to_key, existing));
  const auto status = copy_stream(**in, *out);
  if (status.ok()) return true;
  return std::unexpected(
      from_arrow(status).annotate(fmt::format("copying {} to {}", from.uri(from_key), to.uri(to_key))));
}

Result<bool> copy_object(const Location& from, const Location& to, Existing existing) {
  if (from.store == to.store) return from.store->copy(from.key, to.key, existing);
  return copy_through(*from.store, from.key, *to.store, to.key, existing);
}

}  // namespace earthcatalog::storage
