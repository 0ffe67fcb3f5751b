// The larger operations of S3Store, one .cc file each.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "earthcatalog/storage/object_store.h"
#include "earthcatalog/storage/s3_client.h"

namespace earthcatalog::storage {

/// From the headers of a GET or HEAD.
ObjectInfo info_of_reply(std::string_view key, const HttpReply& reply);
std::string_view unquoted(std::string_view etag);

/// ListObjectsV2, page by page (s3_list.cc).
Status list_s3(S3Client& client, std::string_view prefix, const std::function<Status(const ObjectInfo&)>& visit);

/// DeleteObjects, 1000 keys a request (s3_remove.cc).
Status remove_s3(S3Client& client, std::span<const std::string> keys);

/// CopyObject (s3_copy.cc). False when the server did not say that it is done: it knows no copies, a policy forbids
/// them, the object is larger than 5 GB or is not there.
bool copy_s3(S3Client& client, std::string_view from, std::string_view to);

/// One PUT at Close(), or a multipart upload once the object is larger than a part (s3_multipart.cc).
std::shared_ptr<arrow::io::OutputStream> make_s3_output(std::shared_ptr<S3Client> client, std::string key);

/// Ranged GETs (s3_input.cc).
Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_s3_input(std::shared_ptr<S3Client> client, std::string key,
                                                                   std::optional<std::int64_t> size_bytes);

}  // namespace earthcatalog::storage
