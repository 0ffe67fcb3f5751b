#include <zlib.h>

#include <algorithm>

#include "earthcatalog/iceberg/metadata/gzip_internal.h"

namespace earthcatalog::iceberg {
namespace {

constexpr int kRawWindow = -15, kGzipWindow = 15 + 16;

Bytef* bytef(const char* data) { return reinterpret_cast<Bytef*>(const_cast<char*>(data)); }

}  // namespace

Result<std::string> inflate_bytes(std::string_view bytes, DeflateFormat format, std::size_t limit) {
  z_stream stream{};
  inflateInit2(&stream, format == DeflateFormat::kRaw ? kRawWindow : kGzipWindow);
  stream.next_in = bytef(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out(std::min(limit, std::max<std::size_t>(bytes.size() * 4, 4096)), '\0');
  int status = Z_OK;
  while (true) {
    stream.next_out = bytef(out.data() + stream.total_out);
    stream.avail_out = static_cast<uInt>(out.size() - stream.total_out);
    status = inflate(&stream, Z_NO_FLUSH);
    if (status != Z_OK || stream.avail_out > 0 || out.size() == limit) break;
    out.resize(std::min(limit, out.size() * 2));
  }
  out.resize(stream.total_out);
  inflateEnd(&stream);
  if (status != Z_STREAM_END) {
    return fail(ErrorKind::kInvalidData, "deflated bytes are damaged, cut short, or hold more than {} bytes", limit);
  }
  return out;
}

void deflate_bytes(std::string_view bytes, int level, std::string& out) {
  z_stream stream{};
  deflateInit2(&stream, level, Z_DEFLATED, kRawWindow, 8, Z_DEFAULT_STRATEGY);
  const std::size_t start = out.size();
  out.resize(start + deflateBound(&stream, bytes.size()));
  stream.next_in = bytef(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = bytef(out.data() + start);
  stream.avail_out = static_cast<uInt>(out.size() - start);
  deflate(&stream, Z_FINISH);  // cannot run out of room: deflateBound
  out.resize(start + stream.total_out);
  deflateEnd(&stream);
}

}  // namespace earthcatalog::iceberg
