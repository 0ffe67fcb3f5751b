// Manifests, symlinks and problems files: any bytes give a value or an error.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "earthcatalog/inventory/formats/detect.h"
#include "earthcatalog/inventory/formats/problem_rows.h"
#include "earthcatalog/inventory/manifest/manifest.h"

namespace {

using namespace earthcatalog::inventory;

class Text final : public ByteSource {
 public:
  explicit Text(std::string_view text) : text_(text) {}
  earthcatalog::Result<std::size_t> read(std::span<char> into) override {
    const std::size_t size = std::min<std::size_t>({into.size(), 7, text_.size()});
    if (size > 0) std::memcpy(into.data(), text_.data(), size);
    text_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto manifest = parse_manifest(text)) {
    for (const auto& file : manifest->files) {
      if (without_doubled_slashes(file.key).find("//") != std::string::npos) std::abort();
    }
  }
  (void)parse_symlink(text);
  (void)detect("inventory", text);
  const auto rows = open_problem_rows(std::make_unique<Text>(text), "fuzz");
  Row row;
  for (auto more = rows->next(row); more && *more; more = rows->next(row)) {
    if (row.key.empty()) std::abort();
  }
  return 0;
}
