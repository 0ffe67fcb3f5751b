#include "inventory/helpers.h"

#include <nettle/md5.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "earthcatalog/storage/percent.h"

namespace earthcatalog {

void storage::PrintTo(const ObjectRef& object, std::ostream* out) {
  *out << object.bucket << " | " << object.key << " | " << object.size_bytes.value_or(-1) << " | "
       << (object.last_modified ? format_time(*object.last_modified) : "-") << " | " << object.etag;
}

namespace inventory {

Result<std::size_t> ChunkSource::read(std::span<char> into) {
  const std::size_t chunk = std::max<std::size_t>(1, chunks_[calls_++ % chunks_.size()]);
  const std::size_t size = std::min({into.size(), chunk, text_.size() - at_});
  std::memcpy(into.data(), text_.data() + at_, size);
  at_ += size;
  return size;
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string md5_hex(std::string_view bytes) {
  md5_ctx context;
  md5_init(&context);
  md5_update(&context, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  std::array<std::uint8_t, MD5_DIGEST_SIZE> digest;
  md5_digest(&context, digest.size(), digest.data());
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

std::string csv_quote(std::string_view field) {
  std::string out = "\"";
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

namespace {

std::string size_text(const storage::ObjectRef& object) {
  return object.size_bytes ? fmt::format("{}", *object.size_bytes) : "";
}

std::string date_text(const storage::ObjectRef& object) {
  return object.last_modified ? format_time(*object.last_modified) : "";
}

}  // namespace

std::string to_csv(const std::vector<storage::ObjectRef>& objects) {
  std::string out = "key,bucket,e_tag,last_modified_date,size\r\n";
  for (const auto& object : objects) {
    out += csv_quote(object.key) + ',' + csv_quote(object.bucket) + ',' + object.etag + ',' + date_text(object) + ',' +
           size_text(object) + "\r\n";
  }
  return out;
}

std::string to_aws_csv(const std::vector<storage::ObjectRef>& objects) {
  std::string out;
  for (const auto& object : objects) {
    std::string key = storage::percent_encode(object.key, storage::Slash::kKeep);
    for (std::size_t at = 0; (at = key.find("%20", at)) != key.npos; ++at) key.replace(at, 3, "+");
    out += csv_quote(object.bucket) + ',' + csv_quote(key) + ',' + csv_quote(size_text(object)) + ',' +
           csv_quote(date_text(object)) + ',' + csv_quote(object.etag) + '\n';
  }
  return out;
}

Result<std::vector<storage::ObjectRef>> read_all(Inventory& inventory, std::size_t batch_size) {
  std::vector<storage::ObjectRef> all;
  std::vector<storage::ObjectRef> batch;
  do {
    EC_TRY(inventory.next(batch, batch_size));
    all.insert(all.end(), batch.begin(), batch.end());
  } while (!batch.empty());
  return all;
}

void InventoryTest::put(std::string_view key, std::string_view bytes) {
  const auto at = stores_.locate(fmt::format("memory://test/{}", key));
  ASSERT_TRUE(at.has_value()) << at.error().message;
  const auto stored = at->store->put(at->key, bytes);
  ASSERT_TRUE(stored.has_value()) << stored.error().message;
}

Result<std::unique_ptr<Inventory>> InventoryTest::open(std::string_view key, const InventoryOptions& options) {
  return open_inventory(stores_, key.find("://") == key.npos ? fmt::format("memory://test/{}", key) : std::string(key),
                        options);
}

Result<std::vector<storage::ObjectRef>> InventoryTest::read(std::string_view key, const InventoryOptions& options) {
  EC_ASSIGN_OR_RETURN(const auto inventory, open(key, options));
  auto all = read_all(*inventory);
  counts_ = inventory->counts();
  return all;
}

std::vector<std::string> InventoryTest::keys(std::string_view key, const InventoryOptions& options) {
  const auto all = read(key, options);
  if (!all) {
    ADD_FAILURE() << all.error().message;
    return {};
  }
  std::vector<std::string> out;
  for (const auto& object : *all) out.push_back(object.key);
  return out;
}

std::string InventoryTest::error(std::string_view key, const InventoryOptions& options) {
  const auto all = read(key, options);
  EXPECT_FALSE(all.has_value()) << "no error for " << key;
  return all ? "" : all.error().message;
}

}  // namespace inventory
}  // namespace earthcatalog
