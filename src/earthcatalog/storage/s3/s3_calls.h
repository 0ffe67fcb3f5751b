// The larger operations of S3Store, one .cc file each.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "earthcatalog/storage/object_store.h"
#include "earthcatalog/storage/s3/s3_client.h"

namespace earthcatalog::storage {

/// From the headers of a GET or HEAD.
ObjectInfo info_of_reply(std::string_view key, const HttpReply& reply);
std::string_view unquoted(std::string_view etag);

/// ListObjectsV2, page by page (s3_list.cc).
Status list_s3(S3Client& client, std::string_view prefix, const std::function<Status(const ObjectInfo&)>& visit);

/// DeleteObjects, 1000 keys a request (s3_remove.cc).
Status remove_s3(S3Client& client, std::span<const std::string> keys);

/// PUT on condition that no object has the key (s3_create.cc). A server that knows no conditions is asked before.
Result<PutResult> create_s3(S3Client& client, std::string_view key, std::string_view bytes);
/// Headers of such a write. Every write has a mark of its own: a refusal after a lost reply is told by it
/// from that of another writer, who may have written the same bytes.
inline const std::pair<std::string, std::string> kIfNoneMatch{"If-None-Match", "*"};
inline constexpr std::string_view kWriteMark = "x-amz-meta-earthcatalog-write";
std::pair<std::string, std::string> new_write_mark();
Result<bool> is_marked(S3Client& client, std::string_view key, const std::pair<std::string, std::string>& mark);
/// 412, or 409 when two writers were at it at once.
bool is_lost_race(const S3Answer& answer);

enum class Copied {
  kYes,
  kRefused,  ///< another object has the key
  /// The server did not say that it is done: it knows no copies, a policy forbids them, the object is larger than 5 GB
  /// or is not there.
  kUnknown,
};
/// CopyObject (s3_copy.cc). Some servers take no notice of kRefuse.
Copied copy_s3(S3Client& client, std::string_view from, std::string_view to, Existing existing);

/// One PUT at Close(), or a multipart upload once the object is larger than a part (s3_multipart.cc).
std::shared_ptr<arrow::io::OutputStream> make_s3_output(std::shared_ptr<S3Client> client, std::string key,
                                                        Existing existing);

/// Ranged GETs (s3_input.cc).
Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_s3_input(std::shared_ptr<S3Client> client, std::string key,
                                                                   std::optional<std::int64_t> size_bytes);

}  // namespace earthcatalog::storage
