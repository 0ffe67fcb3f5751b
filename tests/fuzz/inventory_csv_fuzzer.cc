// CSV inventories: the same bytes must give the same rows, or the same error, whatever chunks they arrive in. The
// first byte of the input chooses the chunks.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "earthcatalog/inventory/formats/csv_rows.h"

namespace {

using namespace earthcatalog;
using namespace earthcatalog::inventory;

class Chunks final : public ByteSource {
 public:
  Chunks(std::string_view text, std::size_t chunk) : text_(text), chunk_(chunk) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t size = std::min({into.size(), chunk_, text_.size()});
    if (size > 0) std::memcpy(into.data(), text_.data(), size);
    text_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view text_;
  std::size_t chunk_;
};

std::string read_all(std::unique_ptr<ByteSource> source) {
  auto rows = CsvRows::open(std::move(source), {.uri = "fuzz", .schema = {}, .key_encoding = KeyEncoding::kByFormat});
  if (!rows) return rows.error().message;
  std::string out;
  Row row;
  for (;;) {
    const auto more = (*rows)->next(row);
    if (!more) return out + more.error().message;
    if (!*more) return out;
    out.append(row.bucket).append(1, '\0').append(row.key).append(1, '\0').append(row.size_text).append(1, '\0');
    out.append(row.date_text).append(1, row.noncurrent ? '1' : '0').append((*rows)->position());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = read_all(std::make_unique<Chunks>(text, text.size() + 1));
  if (whole != read_all(std::make_unique<Chunks>(text, 1 + data[0] % 64U))) std::abort();
  (void)read_all(gunzip(std::make_unique<Chunks>(text, 1 + data[0] % 64U)));
  return 0;
}
