// The host and path of a bucket, from settings
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html).
#pragma once

#include <string>
#include <string_view>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::storage {

struct S3Address {
  std::string origin;  ///< "https://b.s3.us-west-2.amazonaws.com", "http://127.0.0.1:8333"
  std::string host;    ///< as in the Host header: the port only when it is not the scheme's own
  std::string path;    ///< encoded, before the slash of the key: "", "/b", "/gateway/b"
};

/// Uses endpoint and path_style of the settings alone.
Result<S3Address> address_of(std::string_view bucket, const S3Settings& settings, std::string_view region);

/// The settings of one bucket: its own where given, else those of all buckets.
S3Settings settings_of(std::string_view bucket, const StorageSettings& settings);

}  // namespace earthcatalog::storage
